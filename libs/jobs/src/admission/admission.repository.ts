import type { Queryable } from '@app/database';
import { and, asc, eq, inArray, notInArray, sql } from 'drizzle-orm';
import type { JobRow } from '../job.js';
import { isLive, liveSlots, SERVES_MODEL } from '../jobs.repository.js';
import { jobs, jobShares, jobSlices } from '../jobs.schema.js';

/** Any number that nothing else locks. */
const LOCK = 0x4a6f6273;

/** A slice that may be admitted next. */
export interface Candidate {
  readonly id: string;
  readonly jobId: string;
  readonly tenantId: string;
  readonly tier: string;
  /** `name@version` */
  readonly model: string;
  readonly items: number;
}

/** What there is of workers for a model version, and of slices that are theirs already. */
export interface ModelLoad {
  /** `name@version` */
  readonly model: string;
  /** Of the workers that serve it and have been heard of lately. */
  readonly slots: number;
  /** Slices that are with workers, on their way, or have just come back. */
  readonly slices: number;
}

export const admissionRepository = {
  /** One process at a time admits; the lock goes with the transaction. */
  async lock(tx: Queryable): Promise<void> {
    await tx.execute(sql`select pg_advisory_xact_lock(${LOCK})`);
  },

  /** Slots of the workers that have been heard of lately, and slices that are with them or on their way. */
  async load(tx: Queryable, staleMs: number): Promise<{ slots: number; admitted: number }> {
    const { rows } = await tx.execute<{ slots: string; admitted: string }>(sql`
      select
        ${liveSlots(staleMs)} as slots,
        (select count(*) from job_slices where state = 'admitted') as admitted`);
    const [row] = rows;
    return { slots: Number(row?.slots ?? 0), admitted: Number(row?.admitted ?? 0) };
  },

  /** Of the model versions of all open jobs. */
  async modelLoads(tx: Queryable, staleMs: number): Promise<ModelLoad[]> {
    const { rows } = await tx.execute<{ model: string; slots: string; slices: string }>(sql`
      select
        jobs.model || '@' || jobs.model_version as model,
        (select coalesce(sum(slots), 0) from job_workers
          where ${isLive(staleMs)} and ${SERVES_MODEL}) as slots,
        (select count(*) from job_slices slice join jobs job on job.id = slice.job_id
          where job.model = jobs.model and job.model_version = jobs.model_version
            and (slice.state = 'admitted'
              or (slice.state = 'waiting' and slice.not_before > now()))) as slices
      from (
        select distinct model, model_version from jobs where status in ('pending', 'processing')
      ) jobs`);
    return rows.map(({ model, slots, slices }) => ({
      model,
      slots: Number(slots),
      slices: Number(slices),
    }));
  },

  /** Per tenant the next slices of its oldest jobs, of those it may have at work at once. */
  async candidates(tx: Queryable, room: number, runningPerTenant: number): Promise<Candidate[]> {
    const { rows } = await tx.execute<{
      id: string;
      job_id: string;
      tenant_id: string;
      tier: string;
      model: string;
      items: number;
    }>(sql`
      with open_jobs as (
        select id, tenant_id, tier, model || '@' || model_version as model,
          row_number() over (
            partition by tenant_id order by status = 'processing' desc, created_at, id
          ) as place
        from jobs where status in ('pending', 'processing')
      )
      select slice.id, slice.job_id, job.tenant_id, job.tier, job.model, slice.items
      from open_jobs job
      cross join lateral (
        select id, job_id, first_item, items from job_slices
        where job_id = job.id and state = 'waiting'
          and (not_before is null or not_before <= now())
        order by first_item limit ${room}
      ) slice
      where job.place <= ${runningPerTenant}
      order by job.tenant_id, job.place, slice.first_item`);
    return rows.map((row) => ({
      id: row.id,
      jobId: row.job_id,
      tenantId: row.tenant_id,
      tier: row.tier,
      model: row.model,
      items: row.items,
    }));
  },

  /** What tenants have had that are remembered. */
  async shares(tx: Queryable): Promise<Map<string, number>> {
    const rows = await tx.select().from(jobShares);
    return new Map(rows.map(({ tenantId, served }) => [tenantId, served]));
  },

  /** In place of all that were there. @param shares one or more */
  async saveShares(tx: Queryable, shares: ReadonlyMap<string, number>): Promise<void> {
    await tx.delete(jobShares).where(notInArray(jobShares.tenantId, [...shares.keys()]));
    await tx
      .insert(jobShares)
      .values([...shares].map(([tenantId, served]) => ({ tenantId, served })))
      .onConflictDoUpdate({ target: jobShares.tenantId, set: { served: sql`excluded.served` } });
  },

  /** Takes back what a tenant was counted for, if it is remembered; under the lock. */
  async credit(tx: Queryable, tenantId: string, share: number): Promise<void> {
    await tx
      .update(jobShares)
      .set({ served: sql`${jobShares.served} - ${share}` })
      .where(eq(jobShares.tenantId, tenantId));
  },

  /** Takes the rows of those of the jobs that are open, always in the same order. */
  async lockOpen(tx: Queryable, ids: readonly string[]): Promise<JobRow[]> {
    return tx
      .select()
      .from(jobs)
      .where(and(inArray(jobs.id, [...ids]), inArray(jobs.status, ['pending', 'processing'])))
      .orderBy(asc(jobs.id))
      .for('update');
  },

  /** @returns ids of those that still waited */
  async admit(tx: Queryable, ids: readonly string[]): Promise<string[]> {
    const rows = await tx
      .update(jobSlices)
      .set({ state: 'admitted', admittedAt: sql`now()`, notBefore: null })
      .where(and(inArray(jobSlices.id, [...ids]), eq(jobSlices.state, 'waiting')))
      .returning({ id: jobSlices.id });
    return rows.map(({ id }) => id);
  },
};
