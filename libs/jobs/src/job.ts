import type { ErrorCode } from '@app/common';
import type { files, jobs, jobSlices } from './jobs.schema.js';

export const JOB_STATUSES = ['pending', 'processing', 'completed', 'failed', 'cancelled'] as const;
export type JobStatus = (typeof JOB_STATUSES)[number];

/** What a job may tell its caller of by webhook. */
export const JOB_TOPICS = [
  'job.started',
  'job.progress',
  'job.completed',
  'job.failed',
  'job.cancelled',
] as const;
export type JobTopic = (typeof JOB_TOPICS)[number];

export type JobRow = typeof jobs.$inferSelect;
export type SliceRow = typeof jobSlices.$inferSelect;
export type FileRow = typeof files.$inferSelect;

/** What every item of a job is predicted with. */
export interface JobOptions {
  readonly truncate?: boolean;
  readonly offsetUnit?: 'codepoint' | 'utf16';
  /** Whether results carry the probability of every label. */
  readonly returnProbabilities?: boolean;
}

/** Why a job failed as a whole. Holds no patient data. */
export interface JobError {
  readonly code: ErrorCode;
  readonly message: string;
}

/** How far a job has come. */
export interface JobProgress {
  /** Items computed, of slices that are not finished too. */
  readonly current: number;
  readonly total: number;
  /** Items that failed by themselves. */
  readonly failed: number;
  /** 0–100, one decimal. */
  readonly percent: number;
  /** Over the last half minute or so; null while too little is known. */
  readonly itemsPerSecond: number | null;
  readonly etaSeconds: number | null;
}

/** A job as its owner sees it. */
export interface JobView {
  readonly jobId: string;
  readonly tenantId: string;
  readonly principalId: string;
  readonly status: JobStatus;
  /** Name and version that were settled when the job was accepted. */
  readonly model: string;
  readonly modelVersion: string;
  readonly inputFileId: string | null;
  readonly progress: JobProgress;
  /** Among all tenants' pending jobs when tenants take turns, 1 for the next; null unless pending. */
  readonly queuePosition: number | null;
  readonly createdAt: Date;
  readonly startedAt: Date | null;
  readonly completedAt: Date | null;
  /** Unfinished then, the job fails. */
  readonly deadlineAt: Date;
  /** When results and input are removed; null before the end. */
  readonly expiresAt: Date | null;
  /** When they were. */
  readonly purgedAt: Date | null;
  /** How often the slice that was begun most often was begun; 0 before the start. */
  readonly attempts: number;
  readonly error: JobError | null;
  readonly callbackEvents: readonly JobTopic[];
  readonly hasCallback: boolean;
  /** The caller's own JSON object. */
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

export function isFinished(status: string): boolean {
  return status === 'completed' || status === 'failed' || status === 'cancelled';
}
