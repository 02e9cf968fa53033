/** How much the newest batch counts. */
const SMOOTHING = 0.1;

/** How fast a model runs on one lane, learnt from its batches. */
export class Speed {
  private msPerToken = 0;
  private msPerItem = 0;

  /** @param tokens real tokens of the batch, padding excluded, so that waste counts as slowness */
  record(tokens: number, items: number, runMs: number): void {
    this.msPerToken = smoothed(this.msPerToken, runMs / tokens);
    this.msPerItem = smoothed(this.msPerItem, runMs / items);
  }

  /** Expected milliseconds for `tokens` on `lanes` lanes; 0 while nothing is known. */
  estimate(tokens: number, lanes: number): number {
    return (tokens * this.msPerToken) / Math.max(1, lanes);
  }

  /** Items a second on `lanes` lanes, were the next like the last; null while nothing is known. */
  itemsPerSecond(lanes: number): number | null {
    return this.msPerItem === 0 ? null : (1000 * lanes) / this.msPerItem;
  }
}

function smoothed(value: number, sample: number): number {
  return value === 0 ? sample : value + SMOOTHING * (sample - value);
}
