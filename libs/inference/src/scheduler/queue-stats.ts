import type { FairQueue } from './fair-queue.js';
import type { BatchReport, QueueStats } from './scheduler-options.js';

/** Counts the batches that were computed. */
export class BatchTotals {
  batches = 0;
  items = 0;
  tokens = 0;
  padded = 0;
  /** On the scheduler's clock; null before the first success. */
  lastSuccessAt: number | null = null;

  add({ size, paddedTokens, paddingWaste }: BatchReport, now: number): void {
    this.batches++;
    this.items += size;
    this.padded += paddedTokens;
    this.tokens += paddedTokens * (1 - paddingWaste);
    this.lastSuccessAt = now;
  }
}

/** @param atGate bulk submissions that wait for room */
export function queueStats(
  { interactive, bulk }: { readonly interactive: FairQueue; readonly bulk: FairQueue },
  atGate: number,
  totals: BatchTotals,
  now: number,
): QueueStats {
  let oldest = now;
  let ages = 0;
  for (const queue of [interactive, bulk]) {
    for (const item of queue) {
      oldest = Math.min(oldest, item.enqueuedAt);
      ages += now - item.enqueuedAt;
    }
  }
  const { batches, items, tokens, padded, lastSuccessAt } = totals;
  return {
    interactive: { items: interactive.items, tokens: interactive.tokens },
    bulk: { items: bulk.items, tokens: bulk.tokens, atGate },
    oldestMs: now - oldest,
    meanAgeMs: ages / Math.max(1, interactive.items + bulk.items),
    batches,
    items,
    meanBatchSize: items / Math.max(1, batches),
    paddingWaste: padded === 0 ? 0 : 1 - tokens / padded,
    lastSuccessAt,
  };
}
