/** How much the newest batch counts. */
const SMOOTHING = 0.1;

/** How fast a model runs on one lane, learnt from its batches. */
export class Speed {
  private msPerToken = 0;

  /** @param tokens real tokens of the batch, padding excluded, so that waste counts as slowness */
  record(tokens: number, runMs: number): void {
    const sample = runMs / tokens;
    this.msPerToken =
      this.msPerToken === 0 ? sample : this.msPerToken + SMOOTHING * (sample - this.msPerToken);
  }

  /** Expected milliseconds for `tokens` on `lanes` lanes; 0 while nothing is known. */
  estimate(tokens: number, lanes: number): number {
    return (tokens * this.msPerToken) / Math.max(1, lanes);
  }
}
