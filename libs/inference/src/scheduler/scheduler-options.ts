import type { Priority } from '@app/common';

export interface SchedulerOptions {
  /**
   * Most interactive tokens that may wait, and an eighth more for tenants within their share; one
   * submission is always let into an empty queue.
   */
  readonly maxQueuedTokens: number;
  /** Most interactive items that may wait, and an eighth more likewise. */
  readonly maxQueuedItems: number;
  /** Longest estimated wait of its own an interactive caller is let in for, milliseconds. */
  readonly maxQueueWaitMs: number;
  /** Bulk tokens kept ready behind the lanes; the rest waits at the gate. */
  readonly maxBulkTokens: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
}

export const DEFAULT_SCHEDULER_OPTIONS: SchedulerOptions = {
  maxQueuedTokens: 65_536,
  maxQueuedItems: 512,
  maxQueueWaitMs: 10_000,
  maxBulkTokens: 16_384,
  now: () => performance.now(),
};

export type RefusalReason = 'queue_full' | 'wait_too_long' | 'closing';

/** Told of every batch and refusal; must not throw. */
export interface SchedulerObserver {
  onBatch?(batch: BatchReport): void;
  onRefused?(reason: RefusalReason): void;
}

export interface BatchReport {
  /** `name@version`. */
  readonly model: string;
  readonly priority: Priority;
  readonly size: number;
  readonly paddedTokens: number;
  /** Share of them that was padding, 0–1. */
  readonly paddingWaste: number;
  /** Time inside the model; 0 for a batch that failed. */
  readonly runMs: number;
  readonly ok: boolean;
}

export interface QueueStats {
  readonly interactive: { readonly items: number; readonly tokens: number };
  readonly bulk: { readonly items: number; readonly tokens: number; readonly atGate: number };
  readonly oldestMs: number;
  readonly meanAgeMs: number;
  readonly batches: number;
  readonly items: number;
  readonly meanBatchSize: number;
  /** Share of all computed tokens that were padding, 0–1. */
  readonly paddingWaste: number;
  /** On the scheduler's clock; null before the first success. */
  readonly lastSuccessAt: number | null;
}
