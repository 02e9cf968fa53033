import { DomainError, SetupError } from '@app/common';
import type { Queryable, Transaction } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { randomNonce, randomPKCECodeVerifier, randomState } from 'openid-client';
import { tenantsRepository } from '../tenants/tenants.repository.js';
import { NOTHING_ENDED, type EndedAccess } from '../tokens/ended-access.js';
import { rolesRepository } from '../users/roles.repository.js';
import type { SignInService, StartedSession } from '../users/sign-in.service.js';
import type { UserRow } from '../users/users.repository.js';
import type { UsersService } from '../users/users.service.js';
import { IdentityProvider, type VerifiedIdentity } from './identity-provider.js';
import { oidcIdentitiesRepository } from './oidc-identities.repository.js';
import type { OidcOptions } from './oidc-options.js';
import { SignInAttempts } from './sign-in-attempt.js';

/** Whoever left their organisation is let in no longer than this after their last sign-in there. */
const SESSION_MS = 12 * 3600_000;
/** For a refresh token that travels in a URL: a page exchanges it at once. */
const HAND_OVER_MS = 60_000;

/** A browser that is on its way to the provider. */
export interface BegunSignIn {
  readonly url: string;
  /** For a cookie of that browser, which has to come back with it. */
  readonly attempt: string;
}

export interface ReturnedSignIn {
  readonly identity: VerifiedIdentity;
  readonly returnTo: string | null;
}

/** What letting somebody in came to. */
export interface Entrance {
  /** The refusal, when they may not come in. */
  readonly session: StartedSession | DomainError;
  /** Sign-ins that ended since the provider gives other roles now. */
  readonly ended: EndedAccess;
  /** The user, when this made or changed them. */
  readonly changed: { readonly user: UserRow; readonly as: 'created' | 'roles' } | null;
}

/** Sign-in by way of an OpenID provider. */
export class OidcSignInService {
  private readonly provider: IdentityProvider;
  private readonly attempts: SignInAttempts;

  constructor(
    private readonly options: OidcOptions,
    cipher: FieldCipher,
    private readonly users: UsersService,
    private readonly signIn: SignInService,
    onFailure: (error: unknown) => void,
  ) {
    this.provider = new IdentityProvider(options, onFailure);
    this.attempts = new SignInAttempts(cipher);
  }

  /** @throws SetupError when the operator's options name a tenant or a role that is not there */
  async assertOptions(db: Queryable): Promise<void> {
    const { tenantId, roleMap } = this.options;
    if ((await tenantsRepository.byId(db, tenantId)) === null) {
      throw new SetupError('OIDC_TENANT: there is no tenant of this id; see GET /admin/tenants.');
    }
    const roles = roleMap.map(({ role }) => role);
    const unknown = await rolesRepository.unknown(db, roles);
    if (unknown.length > 0) {
      throw new SetupError(`OIDC_ROLE_MAP: there is no role ${unknown.join(', ')}.`);
    }
  }

  /** @throws DomainError SERVICE_UNAVAILABLE while the provider is away */
  async begin(returnTo: string | null): Promise<BegunSignIn> {
    const attempt = {
      state: randomState(),
      nonce: randomNonce(),
      codeVerifier: randomPKCECodeVerifier(),
      returnTo,
    };
    const url = await this.provider.authorizationUrl(attempt);
    return { url, attempt: this.attempts.seal(attempt) };
  }

  /**
   * Reads what a browser brought back, before any transaction.
   * @param query of the callback's URL, without `?`
   * @param sealed the browser's cookie, if it has one
   * @throws DomainError UNAUTHENTICATED, SERVICE_UNAVAILABLE
   */
  async comeBack(query: string, sealed: string | undefined): Promise<ReturnedSignIn> {
    const attempt = sealed === undefined ? null : this.attempts.open(sealed);
    if (attempt === null) {
      throw new DomainError(
        'UNAUTHENTICATED',
        'This browser has not begun to sign in, or took longer than ten minutes. Begin again at /auth/oidc/login.',
      );
    }
    const identity = await this.provider.redeem(query, attempt);
    return { identity, returnTo: attempt.returnTo };
  }

  /**
   * Lets an identity in: as the user it is linked to by issuer and subject,
   * else as a new one. Roles are those that the provider gives now.
   */
  async enter(tx: Transaction, { identity, returnTo }: ReturnedSignIn): Promise<Entrance> {
    const { roles } = identity;
    await oidcIdentitiesRepository.lock(tx, identity);
    const known = await oidcIdentitiesRepository.userOf(tx, identity);
    if (known === null && roles.length === 0) {
      return { session: withoutRole(), ended: NOTHING_ENDED, changed: null };
    }
    const { user, ended, changed } =
      known === null ? await this.create(tx, identity) : await this.update(tx, known, roles);
    if (roles.length === 0) return { session: withoutRole(), ended, changed };
    const session = await this.signIn.start(tx, user, {
      sessionMs: SESSION_MS,
      firstTokenMs: returnTo === null ? SESSION_MS : HAND_OVER_MS,
    });
    return { session, ended, changed };
  }

  private async create(tx: Transaction, identity: VerifiedIdentity) {
    const user = await this.users.createFromProvider(tx, {
      tenantId: this.options.tenantId,
      ...identity,
    });
    await oidcIdentitiesRepository.insert(tx, identity, user.id);
    return { user, ended: NOTHING_ENDED, changed: { user, as: 'created' as const } };
  }

  private async update(tx: Transaction, user: UserRow, roles: readonly string[]) {
    if (sameRoles(user.roles, roles)) return { user, ended: NOTHING_ENDED, changed: null };
    const ended = await this.users.takeOverRoles(tx, user, roles);
    const changed = { ...user, roles: [...roles] };
    return { user: changed, ended, changed: { user: changed, as: 'roles' as const } };
  }
}

function sameRoles(some: readonly string[], others: readonly string[]): boolean {
  return some.length === others.length && some.every((role) => others.includes(role));
}

function withoutRole(): DomainError {
  return new DomainError(
    'FORBIDDEN',
    'You are known to the identity provider, but none of your groups has a role in this service. Ask an administrator.',
  );
}
