import type { Queryable } from '@app/database';
import { asc, eq, gt } from 'drizzle-orm';
import { tenants } from '../auth.schema.js';
import { DEFAULT_TENANT } from '../principal.js';
import { TIER_WEIGHTS } from '../tiers.js';

export type TenantRow = typeof tenants.$inferSelect;
export type NewTenant = typeof tenants.$inferInsert;

export const tenantsRepository = {
  /** The tenant of anonymous callers and of everybody who is given no other. */
  async seed(db: Queryable): Promise<void> {
    await db
      .insert(tenants)
      .values({
        id: DEFAULT_TENANT,
        name: 'Default',
        tier: 'enterprise',
        weight: TIER_WEIGHTS.enterprise,
      })
      .onConflictDoNothing();
  },

  async insert(db: Queryable, tenant: NewTenant): Promise<boolean> {
    const rows = await db.insert(tenants).values(tenant).onConflictDoNothing().returning();
    return rows.length === 1;
  },

  async byId(db: Queryable, id: string): Promise<TenantRow | null> {
    const [row] = await db.select().from(tenants).where(eq(tenants.id, id));
    return row ?? null;
  },

  list(db: Queryable, after: string | null, limit: number): Promise<TenantRow[]> {
    return db
      .select()
      .from(tenants)
      .where(after === null ? undefined : gt(tenants.id, after))
      .orderBy(asc(tenants.id))
      .limit(limit);
  },

  count(db: Queryable): Promise<number> {
    return db.$count(tenants);
  },

  async update(db: Queryable, id: string, changes: Partial<NewTenant>): Promise<void> {
    await db.update(tenants).set(changes).where(eq(tenants.id, id));
  },
};
