/** A part of a window's time and what was counted in it. */
export interface Slice {
  /** Its start, ms since 1970; a whole multiple of the slice's width. */
  readonly start: number;
  readonly count: number;
}

/** How a window's time is cut. */
export interface WindowShape {
  readonly lengthMs: number;
  /** Slices of equal width; what was counted is given back up to one width late. */
  readonly slices: number;
}

const MOST_IN_A_SLICE = 0xffff_ffff;

/**
 * Counts what happened within the last `lengthMs`, by slices of time. The
 * oldest slice counts in full until the last moment of it has left the window,
 * so that `used` is never less than what any window of that length that ends
 * now holds, and at most one slice more. Whoever adds only while
 * `used + amount <= limit` therefore never admits more than the limit in any
 * window of that length, wherever it begins.
 *
 * Times are ms since 1970. One that lies before an earlier one is taken as
 * that earlier one: a clock that is set back gives nothing back.
 */
export class SlidingWindow {
  readonly widthMs: number;
  /** By number of the slice modulo its length; one more than the shape's, for the slice under way. */
  private readonly ring: Uint32Array;
  /** Number of the slice under way. */
  private current = -Infinity;
  /** Number of the oldest slice that holds something; beyond `current` when none does. */
  private oldest = 0;
  private total = 0;

  constructor(private readonly shape: WindowShape) {
    this.widthMs = shape.lengthMs / shape.slices;
    this.ring = new Uint32Array(shape.slices + 1);
  }

  used(now: number): number {
    this.advance(now);
    return this.total;
  }

  /** @returns the start of the slice it was counted in */
  add(now: number, amount: number): number {
    this.advance(now);
    this.count(this.current, amount);
    return this.current * this.widthMs;
  }

  /** Milliseconds until something counted leaves the window; 0 when nothing is counted. */
  msUntilRelief(now: number): number {
    this.advance(now);
    return this.total === 0 ? 0 : Math.max(1, this.leavesAt(this.oldest) - now);
  }

  /** Milliseconds until `amount` more fits, or until nothing is counted when it never will. */
  msUntilRoom(now: number, amount: number, limit: number): number {
    this.advance(now);
    let left = this.total;
    for (let slice = this.oldest; left > 0; slice++) {
      if (left + amount <= limit) {
        return slice === this.oldest ? 0 : Math.max(1, this.leavesAt(slice - 1) - now);
      }
      left -= this.at(slice);
      if (left === 0) return Math.max(1, this.leavesAt(slice) - now);
    }
    return 0;
  }

  /** Counts what was saved before. Slices of the future, of a clock since set back, count as of now. */
  restore(now: number, slices: readonly Slice[]): void {
    this.advance(now);
    for (const { start, count } of slices) {
      const slice = Math.min(Math.floor(start / this.widthMs), this.current);
      if (slice >= this.current - this.shape.slices) this.count(slice, count);
    }
  }

  private count(slice: number, amount: number): void {
    if (amount === 0) return;
    const before = this.at(slice);
    const after = Math.min(MOST_IN_A_SLICE, before + amount);
    this.ring[slice % this.ring.length] = after;
    this.oldest = this.total === 0 ? slice : Math.min(this.oldest, slice);
    this.total += after - before;
  }

  private at(slice: number): number {
    return this.ring[slice % this.ring.length] ?? 0;
  }

  /** When the last moment of a slice is out of the window. */
  private leavesAt(slice: number): number {
    return (slice + this.ring.length) * this.widthMs;
  }

  private advance(now: number): void {
    const slice = Math.floor(now / this.widthMs);
    if (slice <= this.current) return;
    this.current = slice;
    const first = slice - this.shape.slices;
    while (this.total > 0 && this.oldest < first) {
      this.total -= this.at(this.oldest);
      this.ring[this.oldest % this.ring.length] = 0;
      this.oldest++;
      while (this.total > 0 && this.at(this.oldest) === 0) this.oldest++;
    }
  }
}
