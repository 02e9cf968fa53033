import type { Queryable } from '@app/database';
import { and, eq, ne, sql, type SQL } from 'drizzle-orm';
import type { JobRow, SliceRow } from '../job.js';
import { SERVES_MODEL } from '../jobs.repository.js';
import { jobResults, jobs, jobSlices } from '../jobs.schema.js';

type NewSlice = typeof jobSlices.$inferInsert;

export interface SliceOfJob {
  readonly job: JobRow;
  readonly slice: SliceRow;
}

/** Slices at work. Whether a worker lives is told by the database's clock, which all of them share. */
export const sliceRunsRepository = {
  /**
   * Null when the slice is not there to be worked on: done, dropped, with somebody else
   * who lives, or of a model version that this worker does not serve.
   */
  async claim(
    db: Queryable,
    id: string,
    workerId: string,
    staleMs: number,
  ): Promise<SliceOfJob | null> {
    const [claimed] = await db
      .update(jobSlices)
      .set({
        attempts: sql`${jobSlices.attempts} + 1`,
        workerId,
        heartbeatAt: sql`now()`,
        computed: 0,
      })
      .from(jobs)
      .where(and(isUnattended(id, staleMs), sql`not ${isForeignTo(workerId)}`))
      .returning();
    return claimed === undefined ? null : sliceOfJob(claimed);
  },

  /**
   * Lets a slice wait again that came to a worker which does not serve its model version.
   * @returns null when it is none, or not there to be worked on
   */
  async sendBack(
    db: Queryable,
    id: string,
    workerId: string,
    options: { readonly staleMs: number; readonly restMs: number },
  ): Promise<SliceOfJob | null> {
    const [sent] = await db
      .update(jobSlices)
      .set({ ...LEFT, ...waitingAgain(options.restMs) })
      .from(jobs)
      .where(and(isUnattended(id, options.staleMs), isForeignTo(workerId)))
      .returning();
    return sent === undefined ? null : sliceOfJob(sent);
  },

  /** @returns whether the slice is still this worker's, and its job still at work */
  async beat(db: Queryable, id: string, workerId: string, computed: number): Promise<boolean> {
    const rows = await db
      .update(jobSlices)
      .set({ heartbeatAt: sql`now()`, computed })
      .where(
        and(
          eq(jobSlices.id, id),
          eq(jobSlices.workerId, workerId),
          ne(jobSlices.state, 'done'),
          sql`exists (select from ${jobs} where ${jobs.id} = ${jobSlices.jobId} and ${jobs.status} = 'processing')`,
        ),
      )
      .returning({ id: jobSlices.id });
    return rows.length > 0;
  },

  /**
   * Lets anybody take it up again. An attempt that was not the slice's fault does not
   * count, and the slice waits for its turn again; one that counts keeps its place.
   */
  async giveBack(
    db: Queryable,
    id: string,
    workerId: string,
    options: { readonly counts: boolean; readonly restMs: number },
  ): Promise<void> {
    await db
      .update(jobSlices)
      .set({
        ...LEFT,
        ...(!options.counts && {
          ...waitingAgain(options.restMs),
          attempts: sql`greatest(${jobSlices.attempts} - 1, 0)`,
        }),
      })
      .where(
        and(
          eq(jobSlices.id, id),
          eq(jobSlices.workerId, workerId),
          eq(jobSlices.state, 'admitted'),
        ),
      );
  },

  /** Marks it done, once; false when it has been, or was dropped or divided meanwhile. */
  async finish(tx: Queryable, { id, items }: Pick<SliceRow, 'id' | 'items'>): Promise<boolean> {
    const rows = await tx
      .update(jobSlices)
      .set({ state: 'done', computed: items, inputs: null, heartbeatAt: null })
      .where(and(eq(jobSlices.id, id), eq(jobSlices.items, items), ne(jobSlices.state, 'done')))
      .returning({ id: jobSlices.id });
    return rows.length > 0;
  },

  /** @returns whether there were no results in that place before */
  async addResults(tx: Queryable, results: typeof jobResults.$inferInsert): Promise<boolean> {
    const rows = await tx
      .insert(jobResults)
      .values(results)
      .onConflictDoNothing()
      .returning({ id: jobResults.id });
    return rows.length > 0;
  },

  /** Puts parts in the place of a slice that is not done; false when it has gone. */
  async divide(tx: Queryable, id: string, parts: readonly NewSlice[]): Promise<boolean> {
    const removed = await tx
      .delete(jobSlices)
      .where(and(eq(jobSlices.id, id), ne(jobSlices.state, 'done')))
      .returning({ id: jobSlices.id });
    if (removed.length === 0) return false;
    await tx.insert(jobSlices).values([...parts]);
    return true;
  },
};

/** Of a slice that nobody is at. */
const LEFT = { workerId: null, heartbeatAt: null, computed: 0 } as const;

function waitingAgain(restMs: number) {
  const notBefore = sql`now() + make_interval(secs => ${restMs / 1_000})`;
  return { state: 'waiting', admittedAt: null, notBefore };
}

/** The slice and its job, when it is there to be worked on. */
function isUnattended(id: string, staleMs: number): SQL | undefined {
  return and(
    eq(jobSlices.id, id),
    eq(jobSlices.state, 'admitted'),
    sql`(${jobSlices.heartbeatAt} is null or ${jobSlices.heartbeatAt} <= now() - make_interval(secs => ${staleMs / 1_000}))`,
    eq(jobs.id, jobSlices.jobId),
    eq(jobs.status, 'processing'),
  );
}

/** Whether the worker has said what it serves, and the job's model version is not among it. */
function isForeignTo(workerId: string): SQL {
  return sql`exists (select from job_workers where job_workers.id = ${workerId} and not ${SERVES_MODEL})`;
}

function sliceOfJob({ jobs: job, ...slice }: SliceRow & { readonly jobs: JobRow }): SliceOfJob {
  return { job, slice };
}
