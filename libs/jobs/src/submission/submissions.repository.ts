import type { Queryable } from '@app/database';
import { and, count, eq, gte, sql } from 'drizzle-orm';
import { liveSlots } from '../jobs.repository.js';
import { jobIdempotency, jobs, jobSlices } from '../jobs.schema.js';
import type { JobRow } from '../job.js';

/** Thirteen parameters a row, and Postgres takes 65,535. */
const ROWS_A_STATEMENT = 1_000;

export type IdempotencyRow = typeof jobIdempotency.$inferSelect;

export const submissionsRepository = {
  /** Whether nobody else is accepting a submission under the same key now. */
  async lockKey(tx: Queryable, tenantId: string, keyHash: Buffer): Promise<boolean> {
    const name = `${tenantId}/${keyHash.toString('hex')}`;
    const { rows } = await tx.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_xact_lock(hashtextextended(${name}, 0)) as locked`,
    );
    return rows[0]?.locked === true;
  },

  /** Submissions of one tenant are accepted one after another, so that they are counted exactly. */
  async lockTenant(tx: Queryable, tenantId: string): Promise<void> {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${tenantId}, 1))`);
  },

  async findKey(
    tx: Queryable,
    tenantId: string,
    keyHash: Buffer,
    now: Date,
  ): Promise<IdempotencyRow | null> {
    const [row] = await tx
      .select()
      .from(jobIdempotency)
      .where(
        and(
          eq(jobIdempotency.tenantId, tenantId),
          eq(jobIdempotency.keyHash, keyHash),
          gte(jobIdempotency.expiresAt, now),
        ),
      );
    return row ?? null;
  },

  /** In place of one that has expired. */
  async saveKey(tx: Queryable, row: IdempotencyRow): Promise<void> {
    const { bodyHash, jobId, expiresAt } = row;
    await tx
      .insert(jobIdempotency)
      .values(row)
      .onConflictDoUpdate({
        target: [jobIdempotency.tenantId, jobIdempotency.keyHash],
        set: { bodyHash, jobId, expiresAt },
      });
  },

  async countPending(tx: Queryable, tenantId: string): Promise<number> {
    const [row] = await tx
      .select({ pending: count() })
      .from(jobs)
      .where(and(eq(jobs.tenantId, tenantId), eq(jobs.status, 'pending')));
    return row?.pending ?? 0;
  },

  async insert(
    tx: Queryable,
    job: typeof jobs.$inferInsert,
    slices: readonly (typeof jobSlices.$inferInsert)[],
  ): Promise<JobRow | null> {
    const [row] = await tx.insert(jobs).values(job).returning();
    for (let from = 0; from < slices.length; from += ROWS_A_STATEMENT) {
      await tx.insert(jobSlices).values(slices.slice(from, from + ROWS_A_STATEMENT));
    }
    return row ?? null;
  },

  /** Slices that are worked on at once when there is enough to do. */
  async slots(db: Queryable, staleMs: number): Promise<number> {
    const { rows } = await db.execute<{ slots: string }>(
      sql`select ${liveSlots(staleMs)} as slots`,
    );
    return Number(rows[0]?.slots ?? 0);
  },

  /**
   * Items per second of a model version's last jobs of some size; null when there were none.
   * What is measured on small jobs is mostly the waiting, and on one that was
   * retried the time of the last attempt alone. The index `jobs_measured` has these rows only.
   */
  async measuredRate(db: Queryable, model: string, version: string): Promise<number | null> {
    const { rows } = await db.execute<{ rate: number | null }>(sql`
      select (sum(total) / nullif(sum(seconds), 0))::float8 as rate from (
        select total, extract(epoch from completed_at - started_at) as seconds from jobs
        where model = ${model} and model_version = ${version} and status = 'completed'
          and retried_at is null and total >= 1000
        order by completed_at desc limit 5
      ) last`);
    return rows[0]?.rate ?? null;
  },
};
