import type { Queryable } from '@app/database';
import { and, eq, gt, inArray, isNull, sql } from 'drizzle-orm';
import { apiKeys, tenants } from '../auth.schema.js';

export type ApiKeyRow = typeof apiKeys.$inferSelect;
export type NewApiKeyRow = typeof apiKeys.$inferInsert;

/** Keys as rows. Those that take a tenant see no other tenant's; null sees all. */
export const apiKeysRepository = {
  async insert(db: Queryable, key: NewApiKeyRow): Promise<ApiKeyRow> {
    const [row] = await db.insert(apiKeys).values(key).returning();
    if (row === undefined) throw new Error('The new key was not stored');
    return row;
  },

  /** A key that is valid as far as the database knows, unless its tenant is disabled. */
  async byHash(db: Queryable, hash: Buffer): Promise<ApiKeyRow | null> {
    const [found] = await db
      .select({ key: apiKeys })
      .from(apiKeys)
      .innerJoin(tenants, eq(tenants.id, apiKeys.tenantId))
      .where(and(eq(apiKeys.hash, hash), isNull(tenants.disabledAt)));
    return found?.key ?? null;
  },

  async byId(db: Queryable, tenantId: string | null, id: string): Promise<ApiKeyRow | null> {
    const [row] = await db
      .select()
      .from(apiKeys)
      .where(and(eq(apiKeys.id, id), within(tenantId)))
      .for('update');
    return row ?? null;
  },

  list(
    db: Queryable,
    tenantId: string | null,
    after: string | null,
    limit: number,
  ): Promise<ApiKeyRow[]> {
    return db
      .select()
      .from(apiKeys)
      .where(and(within(tenantId), after === null ? undefined : gt(apiKeys.id, after)))
      .orderBy(apiKeys.id)
      .limit(limit);
  },

  count(db: Queryable, tenantId: string | null): Promise<number> {
    return db.$count(apiKeys, within(tenantId));
  },

  async update(db: Queryable, id: string, changes: Partial<NewApiKeyRow>): Promise<void> {
    await db.update(apiKeys).set(changes).where(eq(apiKeys.id, id));
  },

  /** @returns the keys it revoked */
  async revokeOfUser(db: Queryable, userId: string): Promise<string[]> {
    const rows = await db
      .update(apiKeys)
      .set({ revokedAt: new Date() })
      .where(and(eq(apiKeys.userId, userId), isNull(apiKeys.revokedAt)))
      .returning({ id: apiKeys.id });
    return rows.map(({ id }) => id);
  },

  async idsOfTenant(db: Queryable, tenantId: string): Promise<string[]> {
    const rows = await db
      .select({ id: apiKeys.id })
      .from(apiKeys)
      .where(and(eq(apiKeys.tenantId, tenantId), isNull(apiKeys.revokedAt)));
    return rows.map(({ id }) => id);
  },

  async noteUse(db: Queryable, ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    await db
      .update(apiKeys)
      .set({ lastUsedAt: sql`now()` })
      .where(inArray(apiKeys.id, [...ids]));
  },
};

function within(tenantId: string | null) {
  return tenantId === null ? undefined : eq(apiKeys.tenantId, tenantId);
}
