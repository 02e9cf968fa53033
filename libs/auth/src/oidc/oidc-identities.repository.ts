import type { Queryable } from '@app/database';
import { and, eq, sql } from 'drizzle-orm';
import { oidcIdentities, users } from '../auth.schema.js';
import type { UserRow } from '../users/users.repository.js';

export interface IdentityKey {
  readonly issuer: string;
  readonly subject: string;
}

/** Who of a provider's users is whom here. */
export const oidcIdentitiesRepository = {
  /** Until the transaction ends nobody else signs in as the same: two at once must not become two users. */
  async lock(db: Queryable, { issuer, subject }: IdentityKey): Promise<void> {
    const key = JSON.stringify(['oidc', issuer, subject]);
    await db.execute(sql`select pg_advisory_xact_lock(hashtextextended(${key}, 0))`);
  },

  /** Locked until the transaction ends, so that nobody is disabled while they are let in. */
  async userOf(db: Queryable, { issuer, subject }: IdentityKey): Promise<UserRow | null> {
    const [row] = await db
      .select({ user: users })
      .from(oidcIdentities)
      .innerJoin(users, eq(users.id, oidcIdentities.userId))
      .where(and(eq(oidcIdentities.issuer, issuer), eq(oidcIdentities.subject, subject)))
      .for('update', { of: users });
    return row?.user ?? null;
  },

  async insert(db: Queryable, { issuer, subject }: IdentityKey, userId: string): Promise<void> {
    await db.insert(oidcIdentities).values({ issuer, subject, userId });
  },
};
