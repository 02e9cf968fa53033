import { newId } from '@app/common';
import type { Database } from '@app/database';
import type { MonitoringLog } from '../monitoring-log.js';
import { apiMetricsRepository, type ApiMetricsRow } from './api-metrics.repository.js';
import { DURATION_STEPS, stepOf } from './duration-steps.js';

/** One answered request. */
export interface ApiRequest {
  /** Null when the caller was never known. */
  readonly tenantId: string | null;
  readonly method: string;
  /** The pattern that matched, never the URL. */
  readonly route: string;
  readonly status: number;
  readonly seconds: number;
}

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

interface Count {
  readonly tenantId: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly durations: number[];
  requests: number;
  totalMs: number;
  maxMs: number;
  saved: boolean;
}

type Minute = Map<string, Count>;

const MINUTE_MS = 60_000;
const FLUSH_MS = 10_000;
const CAPACITY = 20_000;

/** Counts requests by minute, tenant, route and status, and writes the counts down. */
export class ApiMetrics {
  private readonly instance = newId();
  private readonly now: () => number;
  /** By start, ms since 1970; those that may still change or are not written yet. */
  private readonly minutes = new Map<number, Minute>();
  private counts = 0;
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
    const count = this.countOf(request);
    const ms = request.seconds * 1_000;
    const step = stepOf(ms);
    count.requests++;
    count.totalMs += ms;
    if (ms > count.maxMs) count.maxMs = ms;
    count.durations[step] = (count.durations[step] ?? 0) + 1;
    count.saved = false;
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

  private countOf({ tenantId, method, route, status }: ApiRequest): Count {
    const start = this.now() - (this.now() % MINUTE_MS);
    let minute = this.minutes.get(start);
    if (minute === undefined) {
      minute = new Map<string, Count>();
      this.minutes.set(start, minute);
    }
    const tenant = tenantId ?? '';
    const key = `${tenant} ${method} ${status} ${route}`;
    let count = minute.get(key);
    if (count === undefined) {
      const durations = new Array<number>(DURATION_STEPS).fill(0);
      count = {
        ...{ tenantId: tenant, method, route, status, durations },
        ...{ requests: 0, totalMs: 0, maxMs: 0, saved: false },
      };
      minute.set(key, count);
      this.counts++;
      this.makeRoom();
    }
    return count;
  }

  /** The database has been away for long: the oldest minutes are given up. */
  private makeRoom(): void {
    const capacity = this.options.capacity ?? CAPACITY;
    for (const start of this.minutes.keys()) {
      if (this.counts <= capacity || this.minutes.size === 1) return;
      this.forget(start);
      this.options.log.warn(
        { minute: new Date(start).toISOString() },
        'the database has been away for too long: request counts of a minute are given up',
      );
    }
  }

  private forget(start: number): void {
    this.counts -= this.minutes.get(start)?.size ?? 0;
    this.minutes.delete(start);
  }

  private async write(): Promise<void> {
    const { database, log } = this.options;
    const rows: ApiMetricsRow[] = [];
    const written: Count[] = [];
    for (const [start, minute] of this.minutes) {
      for (const count of minute.values()) {
        if (count.saved) continue;
        rows.push(this.rowOf(start, count));
        written.push(count);
        // What is counted while the statement runs sets it back.
        count.saved = true;
      }
    }
    try {
      if (rows.length > 0) await apiMetricsRepository.put(database.db, rows);
      this.failing = false;
    } catch (err) {
      for (const count of written) count.saved = false;
      if (!this.failing) log.warn({ err }, 'request counts cannot be written down; they wait');
      this.failing = true;
      return;
    }
    this.forgetFinished();
  }

  private forgetFinished(): void {
    for (const [start, minute] of this.minutes) {
      const over = start + MINUTE_MS <= this.now();
      if (over && [...minute.values()].every(({ saved }) => saved)) this.forget(start);
    }
  }

  private rowOf(start: number, count: Count): ApiMetricsRow {
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
