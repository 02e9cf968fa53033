import type { Queryable } from '@app/database';
import { and, asc, desc, eq, gt, gte, sql } from 'drizzle-orm';
import { jobEvents, jobs, jobSlices } from '../jobs.schema.js';
import type { JobError, JobProgress } from '../job.js';
import type { JobEvent, JobEventType } from './job-event.js';

/** What a row of `job_events` holds beside its columns. */
export interface EventData {
  readonly progress: JobProgress;
  readonly error: JobError | null;
}

const ROWS = 500;

export const jobEventsRepository = {
  /** The caller holds the job's row, so that the numbers of a job's events ascend as they are committed. */
  async add(
    db: Queryable,
    event: { jobId: string; type: JobEventType; data: EventData; at: Date },
  ): Promise<void> {
    await db.insert(jobEvents).values(event);
  },

  async after(db: Queryable, jobId: string, seq: number): Promise<JobEvent[]> {
    const rows = await db
      .select()
      .from(jobEvents)
      .where(and(eq(jobEvents.jobId, jobId), gt(jobEvents.seq, seq)))
      .orderBy(asc(jobEvents.seq))
      .limit(ROWS);
    return rows.map(eventOf);
  },

  async newest(db: Queryable, jobId: string): Promise<JobEvent | null> {
    const [row] = await db
      .select()
      .from(jobEvents)
      .where(eq(jobEvents.jobId, jobId))
      .orderBy(desc(jobEvents.seq))
      .limit(1);
    return row === undefined ? null : eventOf(row);
  },

  /** The first that told of progress since a time. */
  async firstProgressSince(db: Queryable, jobId: string, since: Date): Promise<JobEvent | null> {
    const [row] = await db
      .select()
      .from(jobEvents)
      .where(
        and(eq(jobEvents.jobId, jobId), eq(jobEvents.type, 'progress'), gte(jobEvents.at, since)),
      )
      .orderBy(asc(jobEvents.seq))
      .limit(1);
    return row === undefined ? null : eventOf(row);
  },

  async removeProgress(db: Queryable, jobId: string): Promise<void> {
    await db
      .delete(jobEvents)
      .where(and(eq(jobEvents.jobId, jobId), eq(jobEvents.type, 'progress')));
  },

  async removeAll(db: Queryable, jobId: string): Promise<void> {
    await db.delete(jobEvents).where(eq(jobEvents.jobId, jobId));
  },

  /** Takes the job's row for an event; null when it is not at work, or somebody else has it now. */
  async lockRunning(db: Queryable, jobId: string) {
    const [job] = await db
      .select()
      .from(jobs)
      .where(and(eq(jobs.id, jobId), eq(jobs.status, 'processing')))
      .for('update', { skipLocked: true });
    return job ?? null;
  },

  /** Items computed of slices that are not finished. */
  async computed(db: Queryable, jobId: string): Promise<number> {
    const [row] = await db
      .select({ computed: sql<string>`coalesce(sum(${jobSlices.computed}), 0)` })
      .from(jobSlices)
      .where(and(eq(jobSlices.jobId, jobId), eq(jobSlices.state, 'admitted')));
    return Number(row?.computed ?? 0);
  },
};

function eventOf({ seq, type, data, at }: typeof jobEvents.$inferSelect): JobEvent {
  const { progress, error } = data as EventData;
  return { seq, type: type as JobEventType, at, progress, error };
}
