import type { AuditEvent } from '@app/audit';
import type { RequestContext } from '@app/common';
import type { FileRow, JobOptions, JobRow, JobTopic, JobView } from './job.js';
import type { Transaction } from '@app/database';
import type { RawInputJson } from './raw-input.js';

/** Who acts, from where and why, for the audit log. */
export type JobActor = Pick<
  AuditEvent,
  'actor' | 'sessionId' | 'keyId' | 'reason' | 'address' | 'userAgent' | 'requestId'
>;

/** A job that has been checked and is to be accepted. */
export interface JobSubmission {
  readonly context: RequestContext;
  /** Settled: the version too. */
  readonly model: { readonly name: string; readonly version: string };
  readonly options: JobOptions;
  /** Either these or a file. */
  readonly inputs?: readonly RawInputJson[];
  readonly file?: FileRow;
  readonly callbackUrl?: string;
  readonly callbackEvents: readonly JobTopic[];
  readonly notifyEmail?: string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The body as text that is equal for equal bodies. */
  readonly idempotency?: { readonly key: string; readonly body: string };
  /** What the model does in this process when nothing else runs, until a job has shown it; null when not known. */
  readonly itemsPerSecond: number | null;
  /** Counts the items against the caller's quota, once the job is new and there is room; throws to refuse it. */
  readonly charge?: () => void | Promise<void>;
  readonly audit: JobActor;
}

export interface SubmitResult {
  readonly job: JobView;
  /** Whether this is the answer to an earlier submission under the same key. */
  readonly replayed: boolean;
}

/** Writes down what has to be told to the outside, with the change it tells of. */
export interface JobNotifier {
  /** @returns ids of deliveries to wake once the transaction is committed */
  announce(tx: Transaction, job: JobRow, topic: JobTopic): Promise<readonly string[]>;
  /** Called after the commit; must not throw. */
  wake(deliveryIds: readonly string[]): void;
}
