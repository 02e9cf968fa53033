import { newId } from '@app/common';
import type { Database } from '@app/database';
import type { MonitoringLog } from '../monitoring-log.js';
import { apiMetricsRepository, type ApiMetricsRow } from './api-metrics.repository.js';
import { MinuteCounts, type ApiRequest, type RequestCount } from './minute-counts.js';

export interface ApiMetricsOptions {
  readonly database: Pick<Database, 'db'>;
  readonly log: MonitoringLog;
  /** How often counts are written, ms; 10,000 by default, so that those of the running minute show. */
  readonly flushMs?: number;
  /** Most counts that wait for the database; 20,000 by default. */
  readonly capacity?: number;
  /** Ms since 1970. */
  readonly now?: () => number;
}

const MINUTE_MS = 60_000;
const FLUSH_MS = 10_000;
const CAPACITY = 20_000;

/** Counts requests by minute, tenant, route and status, and writes the counts down. */
export class ApiMetrics {
  private readonly instance = newId();
  private readonly now: () => number;
  /** Those that may still change or are not written yet, oldest first. */
  private minutes: MinuteCounts[] = [];
  private timer: NodeJS.Timeout | null = null;
  private writing: Promise<void> | null = null;
  private failing = false;

  constructor(private readonly options: ApiMetricsOptions) {
    this.now = options.now ?? Date.now;
  }

  /** Begins to write every so often. */
  open(): void {
    this.timer = setInterval(() => void this.flush(), this.options.flushMs ?? FLUSH_MS);
    this.timer.unref();
  }

  observe(request: ApiRequest): void {
    this.currentMinute()
      .of(request)
      .add(request.seconds * 1_000);
  }

  /** Writes what has changed. Never rejects: what cannot be written is tried again with the next. */
  flush(): Promise<void> {
    this.writing ??= this.write().finally(() => (this.writing = null));
    return this.writing;
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.writing;
    await this.flush();
  }

  private currentMinute(): MinuteCounts {
    const now = this.now();
    const last = this.minutes.at(-1);
    // A clock that is put back goes on with the minute it was in.
    if (last !== undefined && now < last.start + MINUTE_MS) return last;
    const minute = new MinuteCounts(now - (now % MINUTE_MS));
    this.makeRoom();
    this.minutes.push(minute);
    return minute;
  }

  /** The database has been away for long: the oldest minutes are given up. */
  private makeRoom(): void {
    const { capacity = CAPACITY, log } = this.options;
    let counts = this.minutes.reduce((sum, { all }) => sum + all.length, 0);
    let excess = 0;
    for (const { all } of this.minutes) {
      if (counts < capacity) break;
      counts -= all.length;
      excess++;
    }
    if (excess === 0) return;
    this.minutes = this.minutes.slice(excess);
    log.warn(
      { minutes: excess },
      'the database has been away for too long: the oldest request counts are given up',
    );
  }

  private async write(): Promise<void> {
    const { database, log } = this.options;
    const unsaved = this.minutes.flatMap(({ start, all }) =>
      all.filter(({ saved }) => !saved).map((count) => ({ start, count })),
    );
    const rows = unsaved.map(({ start, count }) => this.rowOf(start, count));
    // What is counted while the statement runs takes this back.
    for (const { count } of unsaved) count.saved = true;
    try {
      if (rows.length > 0) await apiMetricsRepository.put(database.db, rows);
      this.failing = false;
      this.forgetFinished();
    } catch (err) {
      for (const { count } of unsaved) count.saved = false;
      if (!this.failing) log.warn({ err }, 'request counts cannot be written down; they wait');
      this.failing = true;
    }
  }

  private forgetFinished(): void {
    const current = this.now() - MINUTE_MS;
    this.minutes = this.minutes.filter(
      ({ start, all }) => start > current || !all.every(({ saved }) => saved),
    );
  }

  private rowOf(start: number, count: RequestCount): ApiMetricsRow {
    const { tenantId, method, route, status, requests, totalMs, maxMs, durations } = count;
    return {
      minute: new Date(start).toISOString(),
      instance: this.instance,
      tenant_id: tenantId,
      ...{ method, route, status, requests },
      total_ms: totalMs,
      max_ms: maxMs,
      durations: [...durations],
    };
  }
}
