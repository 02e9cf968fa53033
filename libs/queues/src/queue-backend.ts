import type { Job, Queue, Worker } from 'bullmq';

/** What an entry's handler is called with by BullMQ. */
export type EntryProcessor = (entry: Job, token: string | undefined) => Promise<void>;

export interface WorkerSettings {
  readonly concurrency: number;
  /** How long an entry belongs to a worker that says no more, ms. */
  readonly lockMs: number;
}

/** Makes BullMQ's objects on one of its two stores. Each has connections of its own. */
export interface QueueBackend {
  readonly kind: 'redis' | 'postgres';
  /** Whether an operation would reach the store now; false spares callers a wait. */
  isReachable(): boolean;
  makeQueue(name: string): Queue;
  /** Not running yet. */
  makeWorker(name: string, processor: EntryProcessor, settings: WorkerSettings): Worker;
  close(): Promise<void>;
}
