import type { Priority } from '@app/common';

/** Share of the served tokens that bulk work is due while both priorities wait. */
const BULK_SHARE = 0.05;

/**
 * Decides between the priorities. Interactive work goes first, but earns bulk
 * work a credit of 5 % of served tokens, so that a busy day cannot starve a job.
 */
export class BulkShare {
  private credit = 0;

  /** Tokens bulk work may take in the next batch, 0 when it is not its turn. */
  due(headTokens: number): number {
    return this.credit >= headTokens ? this.credit : 0;
  }

  /** @param contended whether the other priority waited while this was served */
  served(priority: Priority, tokens: number, contended: boolean): void {
    if (!contended) this.credit = 0;
    else if (priority === 'bulk') this.credit -= tokens;
    else this.credit += (tokens * BULK_SHARE) / (1 - BULK_SHARE);
  }
}
