import type { Database } from '@app/database';
import type { LocalLimits } from './local-limits.js';
import { quotasRepository } from './quotas.repository.js';

/** Between two writings: with the writing itself, about a second. */
const WRITE_EVERY_MS = 800;
const CLEAN_UP_MS = 60_000;
const MOST_SUBJECTS = 50_000;

export interface UsageJournalOptions {
  readonly database: Database;
  readonly limits: LocalLimits;
  /** Ms since 1970. */
  readonly now: () => number;
  /** Told when writing begins to fail, and not again until it has worked. */
  readonly onError: (error: unknown) => void;
}

/**
 * Writes down about once a second what was counted in memory, and reads it
 * back at a start: a process that is killed forgets a second's counts at most.
 * While the database cannot be asked, counting goes on in memory alone.
 */
export class UsageJournal {
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private cleanedAt = 0;
  private failing = false;

  constructor(private readonly options: UsageJournalOptions) {}

  /** Reads what was written down before, then starts to write. */
  async open(): Promise<void> {
    const { database, limits, now } = this.options;
    limits.restore(await quotasRepository.read(database.db, now(), MOST_SUBJECTS));
    this.timer = setInterval(() => void this.write(), WRITE_EVERY_MS);
    this.timer.unref();
  }

  /** Writes down what is left. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.writing;
    await this.write();
  }

  /** One writing at a time: what is counted during one is written by the next. */
  private write(): Promise<void> {
    this.writing ??= this.writeAll().finally(() => (this.writing = null));
    return this.writing;
  }

  private async writeAll(): Promise<void> {
    const { database, limits, now, onError } = this.options;
    const counts = limits.takeUnsaved();
    try {
      await quotasRepository.add(database.db, counts);
    } catch (error) {
      limits.keepUnsaved(counts);
      this.fail(error);
      return;
    }
    this.failing = false;
    if (now() - this.cleanedAt < CLEAN_UP_MS) return;
    this.cleanedAt = now();
    await quotasRepository.removeOld(database.db, now()).catch(onError);
  }

  private fail(error: unknown): void {
    if (this.failing) return;
    this.failing = true;
    this.options.onError(error);
  }
}
