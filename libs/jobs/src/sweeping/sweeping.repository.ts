import type { Queryable } from '@app/database';
import { and, asc, inArray, isNotNull, isNull, lt, sql } from 'drizzle-orm';
import { isLive, SERVES_MODEL } from '../jobs.repository.js';
import { jobIdempotency, jobs, jobWorkers } from '../jobs.schema.js';

/** Any number that nothing else locks. */
const LOCK = 0x53776570;
const AT_ONCE = 500;

export const sweepingRepository = {
  /** Whether nobody else sweeps now; goes with the transaction. */
  async lock(tx: Queryable): Promise<boolean> {
    const { rows } = await tx.execute<{ locked: boolean }>(
      sql`select pg_try_advisory_xact_lock(${LOCK}) as locked`,
    );
    return rows[0]?.locked === true;
  },

  /** Admitted slices that no living worker says it is at. */
  async unattended(db: Queryable, staleMs: number): Promise<string[]> {
    const { rows } = await db.execute<{ id: string }>(sql`
      select slice.id from job_slices slice join jobs job on job.id = slice.job_id
      where slice.state = 'admitted' and job.status = 'processing'
        and (slice.heartbeat_at is null
          or slice.heartbeat_at <= now() - make_interval(secs => ${staleMs / 1_000}))
      order by slice.admitted_at limit ${AT_ONCE}`);
    return rows.map(({ id }) => id);
  },

  /** Open jobs whose model version none of the live workers serves; none while there are no workers. */
  async unserved(
    db: Queryable,
    staleMs: number,
  ): Promise<{ id: string; model: string; modelVersion: string }[]> {
    const { rows } = await db.execute<{ id: string; model: string; version: string }>(sql`
      select jobs.id, jobs.model, jobs.model_version as version from jobs
      where jobs.status in ('pending', 'processing')
        and exists (select from job_workers where ${isLive(staleMs)})
        and not exists (select from job_workers where ${isLive(staleMs)} and ${SERVES_MODEL})
      order by jobs.created_at, jobs.id limit ${AT_ONCE}`);
    return rows.map(({ id, model, version }) => ({ id, model, modelVersion: version }));
  },

  async overdue(db: Queryable, now: Date): Promise<string[]> {
    const rows = await db
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(inArray(jobs.status, ['pending', 'processing']), lt(jobs.deadlineAt, now)))
      .limit(AT_ONCE);
    return rows.map(({ id }) => id);
  },

  async expired(db: Queryable, now: Date): Promise<string[]> {
    const rows = await db
      .select({ id: jobs.id })
      .from(jobs)
      .where(and(isNotNull(jobs.expiresAt), lt(jobs.expiresAt, now), isNull(jobs.purgedAt)))
      // By the index in this order: in any order, the whole table might be read for the few there are.
      .orderBy(asc(jobs.expiresAt))
      .limit(AT_ONCE);
    return rows.map(({ id }) => id);
  },

  async forgetKeys(db: Queryable, now: Date): Promise<void> {
    await db.delete(jobIdempotency).where(lt(jobIdempotency.expiresAt, now));
  },

  async forgetWorkers(db: Queryable, staleMs: number): Promise<void> {
    await db
      .delete(jobWorkers)
      .where(sql`${jobWorkers.seenAt} < now() - make_interval(secs => ${(2 * staleMs) / 1_000})`);
  },
};
