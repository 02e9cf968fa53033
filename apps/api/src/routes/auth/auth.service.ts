import { Injectable } from '@nestjs/common';
import {
  Auth,
  usersRepository,
  type Principal,
  type StartedSession,
  type TokenPair,
} from '@app/auth';
import { DomainError } from '@app/common';
import { Database } from '@app/database';
import type { Acting } from '../admin/acting.js';
import { AuditedActs } from '../admin/audited-acts.js';
import type { LoginRequest, LogoutAllResponse, MeResponse, TokenResponse } from './auth.dto.js';

/** However somebody signs in. */
export const SIGN_IN = { action: 'session.start', object: { kind: 'session' } };

/** Between the wire and the accounts. */
@Injectable()
export class AuthService {
  constructor(
    private readonly auth: Auth,
    private readonly database: Database,
    private readonly acts: AuditedActs,
  ) {}

  async logIn({ username, password }: LoginRequest, acting: Acting): Promise<TokenResponse> {
    const { signIn } = this.auth;
    const checked = await signIn.checkPassword(username, password);
    const session = await this.acts.attempt(
      acting,
      SIGN_IN,
      (tx) => signIn.logIn(tx, checked),
      startedBy,
    );
    return toTokenResponse(await signIn.issue(session));
  }

  async refresh(refreshToken: string): Promise<TokenResponse> {
    return toTokenResponse(await this.auth.signIn.refresh(refreshToken));
  }

  async logOut(principal: Principal, acting: Acting): Promise<void> {
    const { sessionId } = asUser(principal);
    const act = { action: 'session.end', object: { kind: 'session', id: sessionId }, status: 204 };
    const ended = await this.acts.perform(acting, act, (tx) =>
      this.auth.signIn.logOut(tx, sessionId),
    );
    await this.auth.announce(ended);
  }

  async logOutAll(principal: Principal, acting: Acting): Promise<LogoutAllResponse> {
    const { principalId } = asUser(principal);
    const act = { action: 'session.end_all', object: { kind: 'user', id: principalId } };
    const ended = await this.acts.perform(acting, act, (tx) =>
      this.auth.signIn.logOutAll(tx, principalId),
    );
    await this.auth.announce(ended);
    return { ended: ended.sessions.length };
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
export function startedBy({ userId, tenantId, sessionId }: StartedSession) {
  return {
    tenantId,
    sessionId,
    actor: { kind: 'user' as const, id: userId },
    object: { kind: 'session', id: sessionId },
  };
}

function asUser(principal: Principal): Principal & { readonly sessionId: string } {
  const { sessionId } = principal;
  if (sessionId !== null) return { ...principal, sessionId };
  throw new DomainError(
    'CONFLICT',
    'Only a user who signed in can sign out. A key is revoked at /admin/api-keys.',
  );
}

export function toTokenResponse(pair: TokenPair): TokenResponse {
  return {
    access_token: pair.accessToken,
    refresh_token: pair.refreshToken,
    token_type: 'bearer',
    expires_in: pair.expiresIn,
  };
}
