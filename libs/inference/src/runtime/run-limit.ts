/** A batch may take this many times its estimate before its lane counts as hung. */
const TOLERANCE = 10;
const SMOOTHING = 0.2;
/** Assumed while there is no estimate; slower than any model that is of use on a CPU. */
const ASSUMED_MS_PER_TOKEN = 2;

/** How long batches of one model take in one lane, and so how long they may take. */
export class RunLimit {
  private msPerToken: number | null = null;

  constructor(
    private readonly minMs: number,
    private readonly firstMs: number,
  ) {}

  /** @param tokens padded tokens of the batch */
  observe(tokens: number, runMs: number): void {
    const observed = runMs / tokens;
    this.msPerToken =
      this.msPerToken === null
        ? observed
        : this.msPerToken + SMOOTHING * (observed - this.msPerToken);
  }

  /** Milliseconds after which a batch of this many padded tokens counts as hung. */
  limitMs(tokens: number): number {
    if (this.msPerToken === null) {
      return Math.max(this.firstMs, TOLERANCE * ASSUMED_MS_PER_TOKEN * tokens);
    }
    return Math.max(this.minMs, TOLERANCE * this.msPerToken * tokens);
  }
}
