import type { Priority } from '@app/common';

/** Share of the served tokens that bulk work is due while both priorities wait. */
const BULK_SHARE = 0.05;
/** For so long after an interactive batch another may come, and would have to wait for a bulk batch. */
const QUIET_MS = 1_000;
/** A run that nobody minds waiting for, milliseconds. */
export const SHORT_RUN_MS = 50;

/**
 * Decides between the priorities. Interactive work goes first, but earns bulk
 * work a credit of 5 % of served tokens, so that a busy day cannot starve a job.
 */
export class BulkShare {
  private credit = 0;
  private lastInteractiveAt = -Infinity;

  constructor(private readonly now: () => number) {}

  /** Tokens bulk work may take in the next batch, 0 when it is not its turn. */
  due(headTokens: number): number {
    return this.credit >= headTokens ? this.credit : 0;
  }

  /**
   * The most tokens of one bulk batch: half the budget, and all of it where that keeps nobody waiting.
   * @param fullRunMs what a batch of `maxBatchTokens` is expected to take
   */
  batchTokens(maxBatchTokens: number, fullRunMs: number): number {
    const isQuiet = this.now() - this.lastInteractiveAt > QUIET_MS;
    return isQuiet && fullRunMs <= SHORT_RUN_MS ? maxBatchTokens : maxBatchTokens / 2;
  }

  /** @param contended whether the other priority waited while this was served */
  served(priority: Priority, tokens: number, contended: boolean): void {
    if (priority === 'interactive') this.lastInteractiveAt = this.now();
    if (!contended) this.credit = 0;
    else if (priority === 'bulk') this.credit -= tokens;
    else this.credit += (tokens * BULK_SHARE) / (1 - BULK_SHARE);
  }
}
