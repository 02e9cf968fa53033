import type { Queryable } from '@app/database';
import { and, desc, eq, gte, lt, or, sql } from 'drizzle-orm';
import { apiKeys, quotas, tenants, users } from '../auth.schema.js';
import { principalOf } from '../keys/api-key-principal.js';
import { DEFAULT_TENANT } from '../principal.js';
import { isTier, TIER_LIMITS } from '../tiers.js';
import { LIMIT_KINDS, type LimitKind } from './limit-kinds.js';
import type { StoredCount, StoredSubject } from './local-limits.js';

/** Four parameters a row, and Postgres takes 65,535. */
const ROWS_A_STATEMENT = 5_000;

/** Use as rows: one a subject, kind and slice of time. */
export const quotasRepository = {
  /** Adds to what is there: a process that ends and one that starts may write at the same time. */
  async add(db: Queryable, counts: readonly StoredCount[]): Promise<void> {
    // In one order, so that two who write the same rows do not wait for each other in a circle.
    const rows = counts
      .map(({ subject, kind, start, count }) => {
        return { subject, kind, windowStart: new Date(start), used: count };
      })
      .sort(inKeyOrder);
    for (let from = 0; from < rows.length; from += ROWS_A_STATEMENT) {
      await db
        .insert(quotas)
        .values(rows.slice(from, from + ROWS_A_STATEMENT))
        .onConflictDoUpdate({
          target: [quotas.subject, quotas.kind, quotas.windowStart],
          set: { used: sql`${quotas.used} + excluded.used` },
        });
    }
  },

  /** What still counts at a time (ms since 1970), of the subjects that came last. */
  async read(db: Queryable, now: number, mostSubjects: number): Promise<StoredSubject[]> {
    const recent = db
      .select({ subject: quotas.subject })
      .from(quotas)
      .groupBy(quotas.subject)
      .orderBy(desc(sql`max(${quotas.windowStart})`))
      .limit(mostSubjects)
      .as('recent');
    const rows = await db
      .select({ quota: quotas, key: apiKeys, userTenant: users.tenantId, tier: tenants.tier })
      .from(quotas)
      .innerJoin(recent, eq(recent.subject, quotas.subject))
      .leftJoin(apiKeys, eq(sql`'key:' || ${apiKeys.id}`, quotas.subject))
      .leftJoin(users, eq(sql`'user:' || ${users.id}`, quotas.subject))
      .leftJoin(tenants, eq(tenants.id, users.tenantId))
      .where(or(...LIMIT_KINDS.map((kind) => and(eq(quotas.kind, kind.kind), live(kind, now)))));
    const subjects = new Map<string, StoredSubject & { counts: StoredCount[] }>();
    for (const { quota, key, userTenant, tier } of rows) {
      let subject = subjects.get(quota.subject);
      if (subject === undefined) {
        subject = { ...ownerOf(quota.subject, key, userTenant, tier, now), counts: [] };
        subjects.set(quota.subject, subject);
      }
      const { kind, windowStart, used } = quota;
      subject.counts.push({
        subject: quota.subject,
        kind,
        start: windowStart.getTime(),
        count: used,
      });
    }
    return [...subjects.values()];
  },

  /** Removes what no longer counts at a time (ms since 1970). */
  async removeOld(db: Queryable, now: number): Promise<void> {
    await db
      .delete(quotas)
      .where(
        or(
          ...LIMIT_KINDS.map((kind) =>
            and(eq(quotas.kind, kind.kind), lt(quotas.windowStart, firstStart(kind, now))),
          ),
        ),
      );
  },
};

function live(kind: LimitKind, now: number) {
  return gte(quotas.windowStart, firstStart(kind, now));
}

/** Start of the oldest slice that may still count. */
function firstStart({ shape }: LimitKind, now: number): Date {
  return new Date(now - shape.lengthMs - shape.lengthMs / shape.slices);
}

function ownerOf(
  subject: string,
  key: typeof apiKeys.$inferSelect | null,
  userTenant: string | null,
  userTier: string | null,
  now: number,
): Omit<StoredSubject, 'counts'> {
  const principal = key === null ? null : principalOf(key, now);
  if (principal !== null) {
    const { tenantId, tier, limits } = principal;
    return { limitSubject: subject, tenantId, tier, limits };
  }
  const tenantId = key?.tenantId ?? userTenant ?? DEFAULT_TENANT;
  if (userTier === null || !isTier(userTier)) return { limitSubject: subject, tenantId };
  return { limitSubject: subject, tenantId, tier: userTier, limits: TIER_LIMITS[userTier] };
}

type Row = typeof quotas.$inferInsert;

function inKeyOrder(a: Row, b: Row): number {
  if (a.subject !== b.subject) return a.subject < b.subject ? -1 : 1;
  if (a.kind !== b.kind) return a.kind < b.kind ? -1 : 1;
  return a.windowStart.getTime() - b.windowStart.getTime();
}
