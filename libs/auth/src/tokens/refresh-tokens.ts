import { createHash, randomBytes } from 'node:crypto';
import { DomainError, newId } from '@app/common';
import type { Database, Transaction } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { and, eq, isNull, lt } from 'drizzle-orm';
import { refreshTokens, tokenFamilies } from '../auth.schema.js';

const HOUR_MS = 3600_000;
/** An unused refresh token lives this long. */
const TOKEN_MS = 7 * 24 * HOUR_MS;
/** However often it is refreshed, a sign-in ends after this. */
const FAMILY_MS = 30 * 24 * HOUR_MS;
/** Clients that refresh from several tabs at once do it within this time. */
const GRACE_MS = 10_000;

export type RevocationReason = 'logout' | 'logout_all' | 'reuse' | 'password' | 'disabled';

/** How long a sign-in lives that is not to live as long as others. */
export interface SessionLifetime {
  /** In all, however often it is refreshed. Default 30 days. */
  readonly sessionMs?: number;
  /** Its first refresh token, unused; successors live as usual. Default 7 days. */
  readonly firstTokenMs?: number;
}

export interface RefreshedSession {
  readonly userId: string;
  readonly sessionId: string;
  readonly refreshToken: string;
}

/**
 * Refresh tokens that can be used once. All that descend from one sign-in are
 * a family: when one comes a second time, somebody has a copy, and the family
 * ends. Within a short grace a repeated token answers the successor it was
 * already exchanged for, never another one.
 */
export class RefreshTokens {
  constructor(
    private readonly database: Database,
    private readonly cipher: FieldCipher,
    private readonly now: () => number = Date.now,
  ) {}

  /** The first token of a new family. */
  async start(
    tx: Transaction,
    userId: string,
    { sessionMs = FAMILY_MS, firstTokenMs = TOKEN_MS }: SessionLifetime = {},
  ): Promise<RefreshedSession> {
    const sessionId = newId();
    const refreshToken = randomBytes(32).toString('base64url');
    const at = this.now();
    await tx.insert(tokenFamilies).values({
      id: sessionId,
      userId,
      createdAt: new Date(at),
      expiresAt: new Date(at + sessionMs),
    });
    await this.insert(tx, sessionId, refreshToken, firstTokenMs);
    return { userId, sessionId, refreshToken };
  }

  /**
   * Exchanges a token for its successor.
   * @param onReuse told of the session that ended because a token came twice
   * @throws DomainError UNAUTHENTICATED, TOKEN_EXPIRED or TOKEN_REVOKED
   */
  async exchange(
    token: string,
    onReuse: (sessionId: string) => Promise<void>,
  ): Promise<RefreshedSession> {
    const outcome = await this.database.transaction((tx) => this.tryExchange(tx, token));
    if (!('reused' in outcome)) return outcome;
    await onReuse(outcome.reused);
    throw new DomainError(
      'TOKEN_REVOKED',
      'This refresh token was used before, so the whole sign-in has been ended. Sign in again at /auth/login.',
    );
  }

  /** @returns the session a token belongs to, whatever its state; null when it is unknown */
  async sessionOf(tx: Transaction, token: string): Promise<string | null> {
    const [row] = await tx
      .select({ sessionId: refreshTokens.familyId })
      .from(refreshTokens)
      .where(eq(refreshTokens.hash, hashOf(token)));
    return row?.sessionId ?? null;
  }

  async revoke(tx: Transaction, sessionId: string, reason: RevocationReason): Promise<void> {
    await tx
      .update(tokenFamilies)
      .set({ revokedAt: new Date(this.now()), revokedFor: reason })
      .where(and(eq(tokenFamilies.id, sessionId), isNull(tokenFamilies.revokedAt)));
  }

  /** @returns the sessions it ended */
  async revokeAll(tx: Transaction, userId: string, reason: RevocationReason): Promise<string[]> {
    const rows = await tx
      .update(tokenFamilies)
      .set({ revokedAt: new Date(this.now()), revokedFor: reason })
      .where(and(eq(tokenFamilies.userId, userId), isNull(tokenFamilies.revokedAt)))
      .returning({ id: tokenFamilies.id });
    return rows.map(({ id }) => id);
  }

  /** Forgets families that ended long enough ago for nobody to come back with one of their tokens. */
  async removeOld(): Promise<void> {
    const before = new Date(this.now() - TOKEN_MS);
    await this.database.db.delete(tokenFamilies).where(lt(tokenFamilies.expiresAt, before));
  }

  // Its outcome is an answer and not an exception, which would roll the revocation back.
  private async tryExchange(
    tx: Transaction,
    token: string,
  ): Promise<RefreshedSession | { readonly reused: string }> {
    const hash = hashOf(token);
    const [found] = await tx
      .select({ familyId: refreshTokens.familyId })
      .from(refreshTokens)
      .where(eq(refreshTokens.hash, hash));
    if (found === undefined) {
      throw new DomainError('UNAUTHENTICATED', 'The refresh token is not valid. Sign in again.');
    }
    // Of all exchanges within a family one at a time: what follows sees what the others did.
    const [family] = await tx
      .select()
      .from(tokenFamilies)
      .where(eq(tokenFamilies.id, found.familyId))
      .for('update');
    const [row] = await tx.select().from(refreshTokens).where(eq(refreshTokens.hash, hash));
    if (family === undefined || row === undefined || family.revokedAt !== null) {
      throw new DomainError('TOKEN_REVOKED', 'This sign-in has been ended. Sign in again.');
    }
    const at = this.now();
    if (at > family.expiresAt.getTime() || at > row.expiresAt.getTime()) {
      throw new DomainError('TOKEN_EXPIRED', 'The refresh token has expired. Sign in again.');
    }
    // Derived from the token, so that a repetition within the grace answers the same one.
    const refreshToken = this.cipher.keyedHash('refresh-token', token).toString('base64url');
    const session = { userId: family.userId, sessionId: family.id, refreshToken };
    if (row.usedAt === null) {
      await tx
        .update(refreshTokens)
        .set({ usedAt: new Date(at), successorHash: hashOf(refreshToken) })
        .where(eq(refreshTokens.hash, hash));
      await this.insert(tx, family.id, refreshToken);
      return session;
    }
    if (at - row.usedAt.getTime() <= GRACE_MS && (await this.isUnused(tx, refreshToken))) {
      return session;
    }
    await this.revoke(tx, family.id, 'reuse');
    return { reused: family.id };
  }

  private async isUnused(tx: Transaction, token: string): Promise<boolean> {
    const [row] = await tx
      .select()
      .from(refreshTokens)
      .where(eq(refreshTokens.hash, hashOf(token)));
    return row !== undefined && row.usedAt === null;
  }

  private async insert(
    tx: Transaction,
    familyId: string,
    token: string,
    lifetimeMs: number = TOKEN_MS,
  ): Promise<void> {
    const at = this.now();
    await tx.insert(refreshTokens).values({
      hash: hashOf(token),
      familyId,
      createdAt: new Date(at),
      expiresAt: new Date(at + lifetimeMs),
    });
  }
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
