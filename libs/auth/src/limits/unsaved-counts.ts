import type { Slice } from './sliding-window.js';

/** What has been counted in one window and not been written down yet. */
export class UnsavedCounts {
  private readonly counts = new Map<number, number>();
  private lastStart = -1;
  private lastCount = 0;

  /** @param start of the slice it was counted in */
  add(start: number, amount: number): void {
    if (start !== this.lastStart) {
      this.settle();
      this.lastStart = start;
    }
    this.lastCount += amount;
  }

  /** Everything since the last call; slices that began before `since` no longer matter. */
  take(since: number): Slice[] {
    this.settle();
    const taken: Slice[] = [];
    for (const [start, count] of this.counts) if (start >= since) taken.push({ start, count });
    this.counts.clear();
    return taken;
  }

  /** What was added last lies beside the map: most additions go to one slice, and are many. */
  private settle(): void {
    if (this.lastCount === 0) return;
    this.counts.set(this.lastStart, (this.counts.get(this.lastStart) ?? 0) + this.lastCount);
    this.lastCount = 0;
  }
}
