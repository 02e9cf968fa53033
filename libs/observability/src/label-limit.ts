const OTHER = 'other';

/**
 * Bounds the values of one label: each distinct one is a time series of its
 * own for as long as the process lives.
 */
export class LabelLimit {
  private readonly seen = new Set<string>();

  constructor(private readonly limit = 200) {}

  /** The value itself, or `other` once `limit` different ones have been seen. */
  fold(value: string): string {
    if (this.seen.has(value)) return value;
    if (this.seen.size >= this.limit) return OTHER;
    this.seen.add(value);
    return value;
  }
}
