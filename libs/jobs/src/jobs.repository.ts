import type { Queryable } from '@app/database';
import { and, eq, ne, sql, type SQL } from 'drizzle-orm';
import type { JobRow, SliceRow } from './job.js';
import { jobResults, jobs, jobSlices } from './jobs.schema.js';

/** A job of a tenant, or of any when `tenantId` is null. */
export async function findJob(
  db: Queryable,
  tenantId: string | null,
  id: string,
): Promise<JobRow | null> {
  const [job] = await db.select().from(jobs).where(isJob(tenantId, id));
  return job ?? null;
}

export const jobsRepository = {
  /** As `findJob`, for a change: others wait until the transaction ends. */
  async lock(tx: Queryable, tenantId: string | null, id: string): Promise<JobRow | null> {
    const [job] = await tx.select().from(jobs).where(isJob(tenantId, id)).for('update');
    return job ?? null;
  },

  async update(tx: Queryable, id: string, changes: Partial<JobRow>): Promise<JobRow | null> {
    const [job] = await tx.update(jobs).set(changes).where(eq(jobs.id, id)).returning();
    return job ?? null;
  },

  async addDone(
    tx: Queryable,
    id: string,
    items: { readonly done: number; readonly failed: number },
  ): Promise<JobRow | null> {
    const [job] = await tx
      .update(jobs)
      .set({
        done: sql`${jobs.done} + ${items.done}`,
        failed: sql`${jobs.failed} + ${items.failed}`,
      })
      .where(eq(jobs.id, id))
      .returning();
    return job ?? null;
  },

  /** Takes away what has not been done. @returns ids of the slices that had been admitted to the queue */
  async dropOpenSlices(tx: Queryable, jobId: string): Promise<string[]> {
    const rows = await tx
      .delete(jobSlices)
      .where(and(eq(jobSlices.jobId, jobId), ne(jobSlices.state, 'done')))
      .returning({ id: jobSlices.id, admittedAt: jobSlices.admittedAt });
    return idsOfAdmitted(rows);
  },

  /**
   * Keeps what has not been done, for a retry, but lets nobody work on it.
   * @returns ids of the slices that had been admitted to the queue
   */
  async stopOpenSlices(tx: Queryable, jobId: string): Promise<string[]> {
    const rows = await tx
      .update(jobSlices)
      .set({ state: 'stopped', workerId: null, heartbeatAt: null, computed: 0 })
      .where(and(eq(jobSlices.jobId, jobId), ne(jobSlices.state, 'done')))
      .returning({ id: jobSlices.id, admittedAt: jobSlices.admittedAt });
    return idsOfAdmitted(rows);
  },

  /** Lets stopped slices wait for their turn again, as if never begun. @returns how many items they hold */
  async reopenSlices(tx: Queryable, jobId: string): Promise<number> {
    const rows = await tx
      .update(jobSlices)
      .set({ state: 'waiting', admittedAt: null, attempts: 0 })
      .where(and(eq(jobSlices.jobId, jobId), eq(jobSlices.state, 'stopped')))
      .returning({ items: jobSlices.items });
    return rows.reduce((sum, { items }) => sum + items, 0);
  },

  /** Removes what a job's caller sent and got; the job itself, as a row of counts and times, stays. */
  async erase(tx: Queryable, id: string, at: Date): Promise<void> {
    await tx.delete(jobResults).where(eq(jobResults.jobId, id));
    await tx.delete(jobSlices).where(eq(jobSlices.jobId, id));
    await tx
      .update(jobs)
      .set({ purgedAt: at, callbackUrl: null, notifyEmail: null, metadata: null })
      .where(eq(jobs.id, id));
  },
};

/** Slices that the workers can work on at once which have been heard of lately, as a subquery. */
export function liveSlots(staleMs: number): SQL {
  return sql`(select coalesce(sum(slots), 0) from job_workers where ${isLive(staleMs)})`;
}

/** Whether the row of `job_workers` is of a worker that has been heard of lately. */
export function isLive(staleMs: number): SQL {
  return sql`job_workers.seen_at > now() - make_interval(secs => ${staleMs / 1_000})`;
}

/**
 * Whether the row of `job_workers` serves the model version of the row of `jobs`.
 * A worker that has not said what it serves is taken to serve everything.
 */
export const SERVES_MODEL = sql`(job_workers.models is null
  or jobs.model || '@' || jobs.model_version = any(job_workers.models))`;

function idsOfAdmitted(slices: readonly Pick<SliceRow, 'id' | 'admittedAt'>[]): string[] {
  return slices.filter(({ admittedAt }) => admittedAt !== null).map(({ id }) => id);
}

function isJob(tenantId: string | null, id: string) {
  return and(eq(jobs.id, id), tenantId === null ? undefined : eq(jobs.tenantId, tenantId));
}
