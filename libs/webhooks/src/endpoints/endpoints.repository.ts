import type { Queryable } from '@app/database';
import { and, arrayContains, desc, eq, isNull, lt } from 'drizzle-orm';
import { webhookEndpoints } from '../webhooks.schema.js';

export type EndpointRow = typeof webhookEndpoints.$inferSelect;
export type NewEndpointRow = typeof webhookEndpoints.$inferInsert;

/** Endpoints as rows. All but `byId` see one tenant's only. */
export const endpointsRepository = {
  async insert(db: Queryable, endpoint: NewEndpointRow): Promise<EndpointRow> {
    const [row] = await db.insert(webhookEndpoints).values(endpoint).returning();
    if (row === undefined) throw new Error('The new endpoint was not stored');
    return row;
  },

  async byId(db: Queryable, id: string): Promise<EndpointRow | null> {
    const [row] = await db.select().from(webhookEndpoints).where(eq(webhookEndpoints.id, id));
    return row ?? null;
  },

  async ofTenant(db: Queryable, tenantId: string, id: string): Promise<EndpointRow | null> {
    const [row] = await db.select().from(webhookEndpoints).where(own(tenantId, id));
    return row ?? null;
  },

  /** The newest first. @param before id of the last one of the page before */
  list(
    db: Queryable,
    tenantId: string,
    before: string | null,
    limit: number,
  ): Promise<EndpointRow[]> {
    const { id } = webhookEndpoints;
    return db
      .select()
      .from(webhookEndpoints)
      .where(
        and(eq(webhookEndpoints.tenantId, tenantId), before === null ? undefined : lt(id, before)),
      )
      .orderBy(desc(id))
      .limit(limit);
  },

  count(db: Queryable, tenantId: string): Promise<number> {
    return db.$count(webhookEndpoints, eq(webhookEndpoints.tenantId, tenantId));
  },

  /** Enabled ones. @param topic of which they want to be told; left out, of any */
  async enabled(db: Queryable, tenantId: string, topic?: string): Promise<string[]> {
    const rows = await db
      .select({ id: webhookEndpoints.id })
      .from(webhookEndpoints)
      .where(
        and(
          eq(webhookEndpoints.tenantId, tenantId),
          isNull(webhookEndpoints.disabledAt),
          topic === undefined ? undefined : arrayContains(webhookEndpoints.topics, [topic]),
        ),
      )
      .orderBy(webhookEndpoints.id);
    return rows.map(({ id }) => id);
  },

  async update(
    db: Queryable,
    tenantId: string,
    id: string,
    changes: Partial<NewEndpointRow>,
  ): Promise<EndpointRow | null> {
    const [row] = await db
      .update(webhookEndpoints)
      .set(changes)
      .where(own(tenantId, id))
      .returning();
    return row ?? null;
  },

  async remove(db: Queryable, tenantId: string, id: string): Promise<boolean> {
    const rows = await db
      .delete(webhookEndpoints)
      .where(own(tenantId, id))
      .returning({ id: webhookEndpoints.id });
    return rows.length > 0;
  },
};

function own(tenantId: string, id: string) {
  return and(eq(webhookEndpoints.id, id), eq(webhookEndpoints.tenantId, tenantId));
}
