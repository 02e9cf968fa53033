import { and, desc, eq, gt, gte, inArray, lt, lte, or, sql, type SQL } from 'drizzle-orm';
import type { NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import { deliveries, deliveryAttempts } from './deliveries.schema.js';
import type { DeliveryKind, DeliveryState } from './delivery-intent.js';

/** The database, or a transaction. */
export type Queryable = PgDatabase<NodePgQueryResultHKT>;

export type DeliveryRow = typeof deliveries.$inferSelect;
export type NewDeliveryRow = typeof deliveries.$inferInsert;
export type DeliveryAttemptRow = typeof deliveryAttempts.$inferSelect;

/** What is left out is not asked for. */
export interface DeliveryFilter {
  readonly kind?: DeliveryKind;
  readonly state?: DeliveryState;
  readonly topic?: string;
  readonly subjectId?: string;
  readonly endpointId?: string;
  /** Of the creation; inclusive. */
  readonly from?: Date;
  /** Of the creation; exclusive. */
  readonly to?: Date;
}

/** Which deliveries are to be sent again. */
export interface RestartFilter extends Omit<DeliveryFilter, 'state'> {
  readonly ids?: readonly string[];
  /** Only what has failed, or was cancelled and is for one of these endpoints. */
  readonly givenUp?: { readonly orCancelledFor: readonly string[] };
}

/** What waits to be delivered, and what was given up, in numbers. */
export interface DeliveryLoad {
  /** Pending and failed ones, by kind. */
  readonly counts: readonly {
    readonly kind: DeliveryKind;
    readonly state: DeliveryState;
    readonly count: number;
  }[];
  /** Pending ones whose time has come. */
  readonly due: number;
  /** How long ago the first of them was due; 0 when there are none. */
  readonly oldestDueSeconds: number;
}

/** Whoever asks for numbers does not hold up those who work. */
const LOAD_TIMEOUT_MS = 2_000;

/** The tables of deliveries and their attempts. */
export const deliveriesRepository = {
  async insert(db: Queryable, row: NewDeliveryRow): Promise<void> {
    await db.insert(deliveries).values(row);
  },

  async byId(db: Queryable, id: string): Promise<DeliveryRow | null> {
    const [row] = await db.select().from(deliveries).where(eq(deliveries.id, id));
    return row ?? null;
  },

  async ofTenant(db: Queryable, tenantId: string, id: string): Promise<DeliveryRow | null> {
    const [row] = await db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.id, id), eq(deliveries.tenantId, tenantId)));
    return row ?? null;
  },

  pending(db: Queryable, ids: readonly string[]): Promise<DeliveryRow[]> {
    return db
      .select()
      .from(deliveries)
      .where(and(inArray(deliveries.id, [...ids]), eq(deliveries.state, 'pending')));
  },

  /** Those whose time has come, the longest waiting first. */
  due(db: Queryable, now: Date, limit: number): Promise<DeliveryRow[]> {
    return db
      .select()
      .from(deliveries)
      .where(and(eq(deliveries.state, 'pending'), lte(deliveries.nextAttemptAt, now)))
      .orderBy(deliveries.nextAttemptAt)
      .limit(limit);
  },

  /** The newest first. @param before id of the last one of the page before */
  list(
    db: Queryable,
    tenantId: string | null,
    filter: DeliveryFilter,
    before: string | null,
    limit: number,
  ): Promise<DeliveryRow[]> {
    return db
      .select()
      .from(deliveries)
      .where(
        and(matching(tenantId, filter), before === null ? undefined : lt(deliveries.id, before)),
      )
      .orderBy(desc(deliveries.id))
      .limit(limit);
  },

  count(db: Queryable, tenantId: string | null, filter: DeliveryFilter): Promise<number> {
    return db.$count(deliveries, matching(tenantId, filter));
  },

  /** By the index of states; settled ones are removed after some weeks. */
  async load(tx: Queryable, now: Date): Promise<DeliveryLoad> {
    await tx.execute(sql`select set_config('statement_timeout', ${`${LOAD_TIMEOUT_MS}`}, true)`);
    const at = sql`${now.toISOString()}::timestamptz`;
    const { rows } = await tx.execute<{
      kind: DeliveryKind;
      state: DeliveryState;
      count: number;
      due: number;
      oldest: number | null;
    }>(sql`
      select kind, state, count(*)::int as count,
        (count(*) filter (where next_attempt_at <= ${at}))::int as due,
        extract(epoch from ${at} - min(next_attempt_at))::float8 as oldest
      from deliveries where state in ('pending', 'failed') group by kind, state`);
    return {
      counts: rows.map(({ kind, state, count }) => ({ kind, state, count })),
      due: rows.reduce((sum, { due }) => sum + due, 0),
      oldestDueSeconds: Math.max(0, ...rows.map(({ oldest }) => oldest ?? 0)),
    };
  },

  async announcedSince(
    db: Queryable,
    subjectId: string,
    topic: string,
    since: Date,
  ): Promise<boolean> {
    const [row] = await db
      .select({ id: deliveries.id })
      .from(deliveries)
      .where(
        and(
          eq(deliveries.subjectId, subjectId),
          eq(deliveries.topic, topic),
          gt(deliveries.createdAt, since),
        ),
      )
      .limit(1);
    return row !== undefined;
  },

  /**
   * Changes a pending delivery that still stands as `row` tells.
   * @returns how it stands now; null when another was faster
   */
  async advance(
    db: Queryable,
    row: Pick<DeliveryRow, 'id' | 'attempts' | 'nextAttemptAt'>,
    changes: Partial<NewDeliveryRow>,
  ): Promise<DeliveryRow | null> {
    if (row.nextAttemptAt === null) return null;
    const [changed] = await db
      .update(deliveries)
      .set(changes)
      .where(
        and(
          eq(deliveries.id, row.id),
          eq(deliveries.state, 'pending'),
          eq(deliveries.attempts, row.attempts),
          eq(deliveries.nextAttemptAt, row.nextAttemptAt),
        ),
      )
      .returning();
    return changed ?? null;
  },

  /** Makes deliveries due at once, as if they had never been tried. @returns their ids */
  async restart(
    db: Queryable,
    tenantId: string | null,
    { ids, givenUp, ...filter }: RestartFilter,
    now: Date,
    limit: number,
  ): Promise<string[]> {
    const chosen = db
      .select({ id: deliveries.id })
      .from(deliveries)
      .where(
        and(
          matching(tenantId, filter),
          ids === undefined ? undefined : inArray(deliveries.id, [...ids]),
          givenUp === undefined ? undefined : failedOrCancelled(givenUp.orCancelledFor),
        ),
      )
      .orderBy(deliveries.id)
      .limit(limit)
      .for('update');
    const rows = await db
      .update(deliveries)
      .set({ state: 'pending', attempts: 0, nextAttemptAt: now, deliveredAt: null })
      .where(inArray(deliveries.id, chosen))
      .returning({ id: deliveries.id });
    return rows.map(({ id }) => id);
  },

  async addAttempt(db: Queryable, row: typeof deliveryAttempts.$inferInsert): Promise<void> {
    await db.insert(deliveryAttempts).values(row);
  },

  /** The oldest first. */
  attempts(db: Queryable, deliveryId: string): Promise<DeliveryAttemptRow[]> {
    return db
      .select()
      .from(deliveryAttempts)
      .where(eq(deliveryAttempts.deliveryId, deliveryId))
      .orderBy(deliveryAttempts.at, deliveryAttempts.id);
  },

  /** Removes some of the settled ones that are older. @returns how many it were, at most `most` */
  async removeOlder(db: Queryable, than: Date, most: number): Promise<number> {
    const result = await db.execute(sql`
      delete from ${deliveries} where id in (
        select id from ${deliveries}
        where state <> 'pending' and created_at < ${than.toISOString()}::timestamptz
        limit ${most} for update skip locked
      )`);
    return result.rowCount ?? 0;
  },
};

/** @param tenantId null for anybody's */
function matching(tenantId: string | null, filter: DeliveryFilter): SQL | undefined {
  const { from, to, ...exact } = filter;
  const conditions: SQL[] = tenantId === null ? [] : [eq(deliveries.tenantId, tenantId)];
  for (const name of EXACT) {
    const value = exact[name];
    if (value !== undefined) conditions.push(eq(deliveries[name], value));
  }
  if (from !== undefined) conditions.push(gte(deliveries.createdAt, from));
  if (to !== undefined) conditions.push(lt(deliveries.createdAt, to));
  return and(...conditions);
}

function failedOrCancelled(endpointIds: readonly string[]): SQL | undefined {
  const cancelled = eq(deliveries.state, 'cancelled');
  return or(
    eq(deliveries.state, 'failed'),
    and(cancelled, inArray(deliveries.endpointId, [...endpointIds])),
  );
}

const EXACT = ['kind', 'state', 'topic', 'subjectId', 'endpointId'] as const;
