import type { WorkerSettings } from './queue-backend.js';

/** Failed entries kept for operators to see. */
const FAILED_ENTRIES = 1_000;
const FAILED_SECONDS = 7 * 24 * 3_600;

/** No limit, but one that Postgres takes as an integer. */
const MOST_STALLED = 1_000_000_000;

const KEPT = {
  removeOnComplete: true,
  removeOnFail: { count: FAILED_ENTRIES, age: FAILED_SECONDS },
};

export const QUEUE_OPTIONS = {
  defaultJobOptions: { ...KEPT, attempts: 1 },
  // Nothing depends on BullMQ's events: some get lost.
  streams: { events: { maxLen: 100 } },
};

export function workerOptions({ concurrency, lockMs }: WorkerSettings) {
  return {
    autorun: false,
    concurrency,
    lockDuration: lockMs,
    lockRenewTime: lockMs / 3,
    stalledInterval: lockMs / 3,
    // How often an entry may end its worker is the tables' matter.
    maxStalledCount: MOST_STALLED,
    runRetryDelay: 500,
  };
}
