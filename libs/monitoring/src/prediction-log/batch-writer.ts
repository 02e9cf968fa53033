import { setTimeout as sleep } from 'node:timers/promises';
import { BoundedRows, type RowLimits } from './bounded-rows.js';

/** Why a row was given up: no room for it, refused by the database, not written before the end, not even a row. */
export type DropReason = 'buffer_full' | 'refused' | 'closing' | 'malformed';

export interface BatchWriterOptions<Row> {
  /** Writes all or none, and does no harm when rows are there already. @returns how many were new */
  readonly write: (rows: readonly Row[]) => Promise<number>;
  /** Whether an error is a row's own fault, so that trying again is no use. */
  readonly isRowsFault: (error: unknown) => boolean;
  readonly weigh: (row: Row) => number;
  /** What may wait. */
  readonly capacity: RowLimits;
  /** What is written by one statement. */
  readonly batch: RowLimits;
  /** Milliseconds. */
  readonly now: () => number;
  readonly onWritten: (rows: number) => void;
  readonly onDropped: (rows: number, reason: DropReason) => void;
  /** Told when writing begins to fail, and not again until it has worked. */
  readonly onFailing: (error: unknown) => void;
  /** Told when it works again. */
  readonly onRecovered: () => void;
}

/** Pauses between tries grow from the one to the other. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;
const CLOSING_PAUSE_MS = 100;

/**
 * Writes rows in batches, one at a time and oldest first. While that fails,
 * rows wait, up to a bound beyond which the oldest are given up and counted.
 */
export class BatchWriter<Row> {
  private readonly waiting: BoundedRows<Row>;
  private inFlight = 0;
  private writing: Promise<void> | null = null;
  private pauseMs = 0;
  private retryAt = -Infinity;

  constructor(private readonly options: BatchWriterOptions<Row>) {
    this.waiting = new BoundedRows(options.capacity, options.weigh);
  }

  /** Rows not known to be written. */
  get length(): number {
    return this.waiting.length + this.inFlight;
  }

  get failing(): boolean {
    return this.pauseMs > 0;
  }

  add(rows: readonly Row[]): void {
    this.drop(this.waiting.add(rows), 'buffer_full');
  }

  /** Writes what waits, unless it is too early to try again. Never rejects. */
  flush(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => (this.writing = null));
    return this.writing;
  }

  /** Tries to write what is left for `patienceMs`, and gives up the rest. */
  async close(patienceMs: number): Promise<void> {
    const end = performance.now() + patienceMs;
    const tooLate = sleep(patienceMs, undefined, { ref: false });
    while (this.length > 0 && performance.now() < end) {
      await Promise.race([this.writing, tooLate]);
      this.retryAt = -Infinity;
      await Promise.race([this.flush(), tooLate]);
      if (this.length > 0) await sleep(CLOSING_PAUSE_MS);
    }
    this.drop(this.length, 'closing');
  }

  private async writeAll(): Promise<void> {
    const { batch, now } = this.options;
    while (this.waiting.length > 0 && now() >= this.retryAt) {
      const rows = this.waiting.take(batch);
      this.inFlight = rows.length;
      try {
        await this.save(rows);
        this.recover();
      } catch (error) {
        this.drop(this.waiting.putBack(rows), 'buffer_full');
        this.fail(error);
      } finally {
        this.inFlight = 0;
      }
    }
  }

  /** One row that the database refuses must not keep the others from being written. */
  private async save(rows: readonly Row[]): Promise<void> {
    const { write, isRowsFault, onWritten } = this.options;
    try {
      onWritten(await write(rows));
    } catch (error) {
      if (!isRowsFault(error)) throw error;
      if (rows.length === 1) {
        this.drop(1, 'refused');
        return;
      }
      const half = rows.length >> 1;
      await this.save(rows.slice(0, half));
      await this.save(rows.slice(half));
    }
  }

  private fail(error: unknown): void {
    if (!this.failing) this.options.onFailing(error);
    this.pauseMs = Math.min(Math.max(this.pauseMs * 2, FIRST_PAUSE_MS), LONGEST_PAUSE_MS);
    this.retryAt = this.options.now() + this.pauseMs;
  }

  private recover(): void {
    if (!this.failing) return;
    this.pauseMs = 0;
    this.options.onRecovered();
  }

  private drop(rows: number, reason: DropReason): void {
    if (rows > 0) this.options.onDropped(rows, reason);
  }
}
