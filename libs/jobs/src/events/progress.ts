import type { JobProgress } from '../job.js';

/** A point on a job's way. */
export interface ProgressPoint {
  readonly at: Date;
  readonly current: number;
}

/** Shorter stretches say more of the slices' rhythm than of the rate. */
const SHORTEST_STRETCH_MS = 1_000;

/** @param since an earlier point that the rate is reckoned from; null when there is none */
export function progressOf(
  now: ProgressPoint,
  job: { readonly total: number; readonly failed: number },
  since: ProgressPoint | null,
): JobProgress {
  const current = Math.min(now.current, job.total);
  const rate = since === null ? null : rateBetween(since, { ...now, current });
  return {
    current,
    total: job.total,
    failed: job.failed,
    percent: percentOf(current, job.total),
    itemsPerSecond: rate === null ? null : Math.round(rate * 10) / 10,
    etaSeconds: rate === null || rate === 0 ? null : Math.ceil((job.total - current) / rate),
  };
}

function rateBetween(since: ProgressPoint, now: ProgressPoint): number | null {
  const ms = now.at.getTime() - since.at.getTime();
  if (ms < SHORTEST_STRETCH_MS || now.current < since.current) return null;
  return ((now.current - since.current) * 1_000) / ms;
}

/** 100 only when everything is done: what is nearly done is rounded down. */
function percentOf(current: number, total: number): number {
  return total === 0 ? 100 : Math.floor((current / total) * 1_000) / 10;
}
