import type { AuditLog } from '@app/audit';
import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import type { Queues } from '@app/queues';
import type { Signals } from '@app/signals';
import type { InputFiles } from './input-files.js';
import type { JobNotifier } from './job-submission.js';

/** Where jobs' slices are queued. */
export const SLICE_QUEUE = 'job-slices';

/** Signals' topics; the subject is a job's id. */
export const CANCELLED_TOPIC = 'job.cancelled';
export const EVENT_TOPIC = 'job.event';

export interface JobSettings {
  /** How long results and input are kept after the end. */
  readonly resultHours: number;
  /** From acceptance; unfinished then, a job fails. */
  readonly deadlineHours: number;
  /** Most jobs of a tenant that wait to be started. */
  readonly queuedPerTenant: number;
  /** Most jobs of a tenant that are at work. */
  readonly runningPerTenant: number;
  /** Items per second of a model of which nothing is known. */
  readonly assumedItemsPerSecond: number;
  /** How often a running slice and a worker say that they are there, ms. */
  readonly heartbeatMs: number;
  /** Without a word for this long, a worker is taken for dead, ms. */
  readonly staleMs: number;
}

export const DEFAULT_JOB_SETTINGS: JobSettings = {
  resultHours: 168,
  deadlineHours: 72,
  queuedPerTenant: 100,
  runningPerTenant: 10,
  assumedItemsPerSecond: 200,
  heartbeatMs: 1_000,
  staleMs: 10_000,
};

/** What jobs tell the operator through; a pino logger is one. */
export interface JobsLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

/** Told of what this process has done, after it is stored; must not throw. */
export interface JobsObserver {
  /** @param failed how many of the items hold an error */
  onItems(items: number, failed: number): void;
  onFinish(status: string): void;
}

/** What everything about jobs works with. */
export interface JobsParts {
  readonly database: Database;
  readonly cipher: FieldCipher;
  readonly signals: Signals;
  readonly audit: AuditLog;
  readonly queues: Queues;
  readonly files: InputFiles;
  readonly notifier: JobNotifier;
  /** A tenant's share of the workers relative to others'; above 0. */
  readonly weightOf: (tenantId: string, tier: string) => number;
  readonly log: JobsLog;
  readonly observer: JobsObserver;
  /** For everything that callers see: acceptance, deadlines, retention. */
  readonly now: () => Date;
  readonly settings: JobSettings;
}
