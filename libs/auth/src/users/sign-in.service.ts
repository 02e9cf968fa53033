import { DomainError } from '@app/common';
import type { Database, Queryable, Transaction } from '@app/database';
import type { AccessRevocations } from '../tokens/access-revocations.js';
import { signAccessToken } from '../tokens/access-token.js';
import type { EndedAccess } from '../tokens/ended-access.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-lifetimes.js';
import type { RefreshedSession, RefreshTokens, SessionLifetime } from '../tokens/refresh-tokens.js';
import type { SigningKeyRing } from '../tokens/signing-key-ring.js';
import { rolesRepository } from './roles.repository.js';
import { tenantsRepository } from '../tenants/tenants.repository.js';
import { passwordMatches } from './password.js';
import { usersRepository, type UserRow } from './users.repository.js';
import type { WorkSlots } from './work-slots.js';

/** Wrong passwords in a row before an account is locked. */
const FREE_FAILURES = 5;
const FIRST_LOCK_MS = 60_000;
const LONGEST_LOCK_MS = 15 * 60_000;

export interface TokenPair {
  readonly userId: string;
  readonly tenantId: string;
  readonly sessionId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds until the access token expires. */
  readonly expiresIn: number;
}

/** A sign-in that has begun, and what its access tokens will say. */
export interface StartedSession extends RefreshedSession {
  readonly tenantId: string;
  readonly tier: string;
  readonly permissions: readonly string[];
}

/** A password that has been compared; what follows from it is for `logIn` to say. */
export interface CheckedPassword {
  readonly username: string;
  readonly right: boolean;
  /** What it was compared with; null when there is nobody of that name. */
  readonly hash: string | null;
}

/**
 * Sign-in with user name and password, and what follows from it. What changes
 * rows acts on a caller's transaction, so that it is audited in the same one.
 */
export class SignInService {
  constructor(
    private readonly database: Database,
    private readonly keys: SigningKeyRing,
    private readonly tokens: RefreshTokens,
    private readonly revocations: AccessRevocations,
    /** Password hashing takes memory and a core: only so many at once. */
    private readonly slots: WorkSlots,
  ) {}

  /**
   * The slow half of a sign-in, before any transaction, which would hold a
   * connection meanwhile. Takes as long when there is nobody of that name.
   * @throws DomainError OVERLOADED when too many sign in at once
   */
  async checkPassword(name: string, password: string): Promise<CheckedPassword> {
    const username = name.toLowerCase();
    const user = await usersRepository.byName(this.database.db, username);
    const hash = user?.passwordHash ?? null;
    return { username, hash, right: await this.slots.run(() => passwordMatches(hash, password)) };
  }

  /**
   * Starts a sign-in, or counts the failure.
   * @returns a DomainError UNAUTHENTICATED instead of throwing it, since the
   * count has to be committed; in the same words whether the user is unknown,
   * locked or disabled or the password wrong
   */
  async logIn(tx: Transaction, checked: CheckedPassword): Promise<StartedSession | DomainError> {
    const user = await usersRepository.lockByName(tx, checked.username);
    if (user === null || isBarred(user)) return wrongPassword();
    if (!checked.right || user.passwordHash !== checked.hash) {
      await usersRepository.countFailure(tx, user.id, lockAfter(user.failedLogins + 1));
      return wrongPassword();
    }
    return this.start(tx, user);
  }

  /** Starts a sign-in of a user who has proved who they are. */
  async start(
    tx: Transaction,
    user: UserRow,
    lifetime?: SessionLifetime,
  ): Promise<StartedSession | DomainError> {
    const access = await accessOf(tx, user);
    if (access === null) return disabled();
    await usersRepository.update(tx, user.id, {
      failedLogins: 0,
      lockedUntil: null,
      lastLoginAt: new Date(),
    });
    return { ...(await this.tokens.start(tx, user.id, lifetime)), ...access };
  }

  /** The tokens of a sign-in, once the transaction that started it is through. */
  async issue(session: StartedSession): Promise<TokenPair> {
    const { userId, tenantId, sessionId, refreshToken, tier, permissions } = session;
    const claims = { userId, tenantId, sessionId, tier, permissions };
    const accessToken = await signAccessToken(this.keys, claims);
    return {
      userId,
      tenantId,
      sessionId,
      accessToken,
      refreshToken,
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }

  /** @throws DomainError as RefreshTokens.exchange, and UNAUTHENTICATED once the user is disabled */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const session = await this.tokens.exchange(refreshToken, (sessionId) =>
      this.revocations.announceSession(sessionId),
    );
    const { db } = this.database;
    const user = await usersRepository.byId(db, session.userId);
    const access = user === null ? null : await accessOf(db, user);
    if (access === null) throw disabled();
    return this.issue({ ...session, ...access });
  }

  /** Ends one sign-in; once announced, its access tokens are refused everywhere within two seconds. */
  async logOut(tx: Transaction, sessionId: string): Promise<EndedAccess> {
    await this.tokens.revoke(tx, sessionId, 'logout');
    return { sessions: [sessionId], keys: [] };
  }

  /** Ends every sign-in of a user. */
  async logOutAll(tx: Transaction, userId: string): Promise<EndedAccess> {
    return { sessions: await this.tokens.revokeAll(tx, userId, 'logout_all'), keys: [] };
  }
}

/** What a user may do now; null when they or their tenant are disabled. */
async function accessOf(
  db: Queryable,
  user: UserRow,
): Promise<Pick<StartedSession, 'tenantId' | 'tier' | 'permissions'> | null> {
  const tenant = await tenantsRepository.byId(db, user.tenantId);
  if (user.disabledAt !== null || tenant === null || tenant.disabledAt !== null) return null;
  const permissions = await rolesRepository.permissionsOf(db, user.roles);
  return { tenantId: user.tenantId, tier: tenant.tier, permissions };
}

function wrongPassword(): DomainError {
  return new DomainError(
    'UNAUTHENTICATED',
    'User name or password is wrong, or the account is locked for some minutes after failed attempts. Correct them, or ask an administrator.',
  );
}

function disabled(): DomainError {
  return new DomainError('UNAUTHENTICATED', 'The account is disabled. Ask an administrator.');
}

function isBarred(user: UserRow): boolean {
  return user.disabledAt !== null || (user.lockedUntil !== null && user.lockedUntil > new Date());
}

/** Each failure beyond the free ones locks for twice as long. */
function lockAfter(failures: number): Date | null {
  if (failures < FREE_FAILURES) return null;
  const length = FIRST_LOCK_MS * 2 ** Math.min(failures - FREE_FAILURES, 10);
  return new Date(Date.now() + Math.min(length, LONGEST_LOCK_MS));
}
