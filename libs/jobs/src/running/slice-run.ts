import type { JobRow, SliceRow } from '../job.js';
import type { SliceItem } from './slice-inputs.js';

/** A slice that this process works on. */
export interface ClaimedSlice {
  readonly job: JobRow;
  readonly slice: SliceRow;
  /** Aborts when nobody wants the slice any more, or another worker has it. */
  readonly signal: AbortSignal;
  /** What to work on, in order, some at a time. @throws DomainError NOT_FOUND when the input file is gone */
  items(): AsyncIterable<readonly SliceItem[]>;
  /** So many more items are computed. */
  advance(items: number): void;
  /** To be called whatever came of it. */
  end(): void;
}

interface SliceRunOptions {
  /** @returns whether the slice is still this worker's and wanted */
  readonly beat: (computed: number) => Promise<boolean>;
  readonly everyMs: number;
  readonly items: () => AsyncIterable<readonly SliceItem[]>;
  readonly onEnd: (run: SliceRun) => void;
}

/** Says again and again that the slice is being worked on, and hears when it need not be. */
export class SliceRun implements ClaimedSlice {
  private readonly lost = new AbortController();
  private computed = 0;
  private timer: NodeJS.Timeout | null = null;
  private beating = false;

  constructor(
    readonly job: JobRow,
    readonly slice: SliceRow,
    private readonly options: SliceRunOptions,
  ) {}

  get signal(): AbortSignal {
    return this.lost.signal;
  }

  items(): AsyncIterable<readonly SliceItem[]> {
    return this.options.items();
  }

  start(): void {
    this.timer = setInterval(() => void this.beat(), this.options.everyMs);
  }

  advance(items: number): void {
    this.computed += items;
  }

  /** The job was cancelled, or the slice is somebody else's. */
  lose(): void {
    this.lost.abort();
  }

  end(): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.options.onEnd(this);
  }

  private async beat(): Promise<void> {
    if (this.beating) return;
    this.beating = true;
    try {
      if (!(await this.options.beat(this.computed))) this.lose();
    } catch {
      // The database is away; whoever takes the slice over meanwhile is found out later.
    } finally {
      this.beating = false;
    }
  }
}
