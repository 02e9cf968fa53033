import { Injectable } from '@nestjs/common';
import { Auth, usersRepository, type Principal, type TokenPair } from '@app/auth';
import { DomainError } from '@app/common';
import { Database } from '@app/database';
import type { Acting } from '../admin/acting.js';
import { AuditedActs } from '../admin/audited-acts.js';
import type { LoginRequest, LogoutAllResponse, MeResponse, TokenResponse } from './auth.dto.js';

const SIGN_IN = { action: 'session.start', object: { kind: 'session' } };

/** Between the wire and the accounts. */
@Injectable()
export class AuthService {
  constructor(
    private readonly auth: Auth,
    private readonly database: Database,
    private readonly acts: AuditedActs,
  ) {}

  async logIn({ username, password }: LoginRequest, acting: Acting): Promise<TokenResponse> {
    try {
      const pair = await this.auth.signIn.logIn(username, password);
      const object = { ...SIGN_IN.object, id: pair.sessionId };
      await this.acts.perform(actingAs(pair, acting), { ...SIGN_IN, object }, () =>
        Promise.resolve(),
      );
      return toResponse(pair);
    } catch (error) {
      if (error instanceof DomainError && error.code === 'UNAUTHENTICATED') {
        await this.acts.refused(acting, SIGN_IN, error);
      }
      throw error;
    }
  }

  async refresh(refreshToken: string): Promise<TokenResponse> {
    return toResponse(await this.auth.signIn.refresh(refreshToken));
  }

  async logOut(principal: Principal, acting: Acting): Promise<void> {
    const { sessionId } = asUser(principal);
    const object = { kind: 'session', id: sessionId };
    await this.acts.perform(acting, { action: 'session.end', object, status: 204 }, () =>
      this.auth.signIn.logOut(sessionId),
    );
  }

  async logOutAll(principal: Principal, acting: Acting): Promise<LogoutAllResponse> {
    const { principalId } = asUser(principal);
    const object = { kind: 'user', id: principalId };
    const ended = await this.acts.perform(acting, { action: 'session.end_all', object }, () =>
      this.auth.signIn.logOutAll(principalId),
    );
    return { ended };
  }

  async me(principal: Principal): Promise<MeResponse> {
    const user =
      principal.kind === 'user'
        ? await usersRepository.byId(this.database.db, principal.principalId)
        : null;
    return {
      kind: principal.kind,
      id: principal.principalId,
      username: user?.username ?? null,
      tenant_id: principal.tenantId,
      tier: principal.tier,
      permissions: [...principal.permissions].sort(),
    };
  }
}

/** A sign-in is the act of whom it lets in. */
function actingAs({ userId, tenantId, sessionId }: TokenPair, acting: Acting): Acting {
  return { ...acting, tenantId, sessionId, actor: { kind: 'user', id: userId } };
}

function asUser(principal: Principal): Principal & { readonly sessionId: string } {
  const { sessionId } = principal;
  if (sessionId !== null) return { ...principal, sessionId };
  throw new DomainError(
    'CONFLICT',
    'Only a user who signed in can sign out. A key is revoked at /admin/api-keys.',
  );
}

function toResponse(pair: TokenPair): TokenResponse {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    token_type: 'bearer',
    expires_in: pair.expiresIn,
  };
}
