import type { JobError, JobProgress } from '../job.js';

export type JobEventType = 'queued' | 'progress' | 'completed' | 'failed' | 'cancelled';

/** Something that happened to a job, as streams of events tell it. */
export interface JobEvent {
  /** Ascends within a job; what `Last-Event-ID` names. */
  readonly seq: number;
  readonly type: JobEventType;
  readonly at: Date;
  readonly progress: JobProgress;
  /** Of a failed job. */
  readonly error: JobError | null;
}
