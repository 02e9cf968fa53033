import { DomainError } from '@app/common';
import type { Database } from '@app/database';
import type { AccessRevocations } from '../tokens/access-revocations.js';
import { signAccessToken } from '../tokens/access-token.js';
import { ACCESS_TOKEN_SECONDS } from '../tokens/token-lifetimes.js';
import type { RefreshedSession, RefreshTokens } from '../tokens/refresh-tokens.js';
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

/** Sign-in with user name and password, and what follows from it. */
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
   * @throws DomainError UNAUTHENTICATED, in the same words and after the same
   * work whether the user is unknown, locked or disabled or the password wrong
   */
  async logIn(username: string, password: string): Promise<TokenPair> {
    const name = username.toLowerCase();
    const user = await usersRepository.byName(this.database.db, name);
    const right = await this.slots.run(() => passwordMatches(user?.passwordHash ?? null, password));
    const session = await this.database.transaction(async (tx) => {
      const current = await usersRepository.lockByName(tx, name);
      if (current === null || isBarred(current)) return null;
      if (!right || current.passwordHash !== user?.passwordHash) {
        const failures = current.failedLogins + 1;
        await usersRepository.countFailure(tx, current.id, lockAfter(failures));
        return null;
      }
      await usersRepository.update(tx, current.id, {
        failedLogins: 0,
        lockedUntil: null,
        lastLoginAt: new Date(),
      });
      return this.tokens.start(tx, current.id);
    });
    if (session === null) {
      throw new DomainError(
        'UNAUTHENTICATED',
        'User name or password is wrong, or the account is locked for some minutes after failed attempts. Correct them, or ask an administrator.',
      );
    }
    return this.pair(session);
  }

  /** @throws DomainError as RefreshTokens.exchange */
  async refresh(refreshToken: string): Promise<TokenPair> {
    const session = await this.tokens.exchange(refreshToken, (sessionId) =>
      this.revocations.announceSession(sessionId),
    );
    return this.pair(session);
  }

  /** Ends one sign-in; its access tokens are refused everywhere within two seconds. */
  async logOut(sessionId: string): Promise<void> {
    await this.database.transaction((tx) => this.tokens.revoke(tx, sessionId, 'logout'));
    await this.revocations.announceSession(sessionId);
  }

  /** Ends every sign-in of a user. */
  async logOutAll(userId: string): Promise<number> {
    const sessions = await this.database.transaction((tx) =>
      this.tokens.revokeAll(tx, userId, 'logout_all'),
    );
    for (const sessionId of sessions) await this.revocations.announceSession(sessionId);
    return sessions.length;
  }

  private async pair(session: RefreshedSession): Promise<TokenPair> {
    const { db } = this.database;
    const user = await usersRepository.byId(db, session.userId);
    const tenant = user === null ? null : await tenantsRepository.byId(db, user.tenantId);
    if (
      user === null ||
      user.disabledAt !== null ||
      tenant === null ||
      tenant.disabledAt !== null
    ) {
      throw new DomainError('UNAUTHENTICATED', 'The account is disabled. Ask an administrator.');
    }
    const permissions = await rolesRepository.permissionsOf(db, user.roles);
    const accessToken = await signAccessToken(this.keys, {
      userId: user.id,
      tenantId: user.tenantId,
      sessionId: session.sessionId,
      tier: tenant.tier,
      permissions,
    });
    return {
      userId: user.id,
      tenantId: user.tenantId,
      sessionId: session.sessionId,
      accessToken,
      refreshToken: session.refreshToken,
      expiresIn: ACCESS_TOKEN_SECONDS,
    };
  }
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
