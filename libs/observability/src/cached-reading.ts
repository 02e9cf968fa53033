export interface CachedReadingOptions {
  /** A value this young is not read again; default 3,000 ms. */
  readonly freshMs?: number;
  /** How long a reader waits for a new value before it gets the last one; default 1,000 ms. */
  readonly patienceMs?: number;
  /** Told of a reading that failed. */
  readonly onError?: (error: unknown) => void;
}

export interface Reading<T> {
  readonly value: T;
  readonly ageMs: number;
}

/**
 * A value that costs something to read, for readers that come often and must not wait:
 * read once for all of them, not again until it is a few seconds old, and the last one
 * while its source does not answer.
 */
export class CachedReading<T> {
  private last: { readonly value: T; readonly at: number } | null = null;
  private underWay: Promise<void> | null = null;
  private triedAt = -Infinity;

  constructor(
    private readonly read: () => Promise<T>,
    private readonly options: CachedReadingOptions = {},
  ) {}

  /** Null when there has never been one. Never rejects. */
  async get(): Promise<Reading<T> | null> {
    if (performance.now() - this.triedAt >= (this.options.freshMs ?? 3_000)) {
      this.underWay ??= this.refresh();
    }
    if (this.underWay !== null) await this.withinPatience(this.underWay);
    const { last } = this;
    return last === null ? null : { value: last.value, ageMs: performance.now() - last.at };
  }

  private async refresh(): Promise<void> {
    try {
      const value = await this.read();
      this.last = { value, at: performance.now() };
    } catch (error) {
      this.options.onError?.(error);
    } finally {
      // A source that fails is left alone for as long as one that answers.
      this.triedAt = performance.now();
      this.underWay = null;
    }
  }

  private async withinPatience(work: Promise<void>): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, this.options.patienceMs ?? 1_000);
    });
    await Promise.race([work, late]);
    clearTimeout(timer);
  }
}
