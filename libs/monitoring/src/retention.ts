import { setTimeout as sleep } from 'node:timers/promises';
import type { Database, Queryable } from '@app/database';
import { apiMetricsRepository } from './api-metrics/api-metrics.repository.js';
import type { MonitoringLog } from './monitoring-log.js';
import { predictionLogRepository } from './prediction-log/prediction-log.repository.js';

export interface RetentionOptions {
  readonly database: Pick<Database, 'db'>;
  readonly log: MonitoringLog;
  readonly days: number;
  /** Between two clean-ups, ms; an hour by default. */
  readonly everyMs?: number;
  /** Rows removed by one statement; 1,000 by default. */
  readonly batch?: number;
  /** Ms since 1970. */
  readonly now?: () => number;
}

const DAY_MS = 86_400_000;
const EVERY_MS = 3_600_000;
const BATCH = 1_000;
/** Others get the database between two batches. */
const PAUSE_MS = 20;

type RemoveOlder = (db: Queryable, than: Date, most: number) => Promise<number>;

/** Removes predictions and request counts that are older than they may be. */
export class Retention {
  private timer: NodeJS.Timeout | null = null;
  private cleaning: Promise<void> | null = null;
  private closed = false;

  constructor(private readonly options: RetentionOptions) {}

  /** Begins to clean up every so often. */
  open(): void {
    this.timer = setInterval(() => void this.cleanUp(), this.options.everyMs ?? EVERY_MS);
    this.timer.unref();
  }

  /** Removes all that is too old, in small batches. Never rejects: what fails is left to the next time. */
  cleanUp(): Promise<void> {
    this.cleaning ??= this.removeAll().finally(() => (this.cleaning = null));
    return this.cleaning;
  }

  /** Ends after the batch that is being removed. */
  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.cleaning;
  }

  private async removeAll(): Promise<void> {
    const { log } = this.options;
    try {
      const predictions = await this.remove((...of) => predictionLogRepository.removeOlder(...of));
      const requestCounts = await this.remove((...of) => apiMetricsRepository.removeOlder(...of));
      if (predictions + requestCounts > 0) {
        log.info({ predictions, requestCounts }, 'removed what was older than it may be');
      }
    } catch (err) {
      log.warn({ err }, 'old predictions and request counts cannot be removed now');
    }
  }

  private async remove(removeOlder: RemoveOlder): Promise<number> {
    const { database, days, now = Date.now, batch = BATCH } = this.options;
    const than = new Date(now() - days * DAY_MS);
    let removed = 0;
    while (!this.closed) {
      const count = await removeOlder(database.db, than, batch);
      removed += count;
      if (count < batch) break;
      await sleep(PAUSE_MS);
    }
    return removed;
  }
}
