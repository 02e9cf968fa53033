import type { Database } from '@app/database';
import { sql } from 'drizzle-orm';
import { predictionLog } from '../monitoring.schema.js';
import { matching, type PredictionFilter } from './prediction-filter.js';

export interface PredictionStats {
  readonly total: number;
  /** 0–1; null when there are none with a score. */
  readonly avgConfidence: number | null;
  /** Waiting and running; null when there are none. */
  readonly avgProcessingMs: number | null;
  readonly byLabel: Readonly<Record<string, number>>;
}

export interface ModelStats {
  readonly model: string;
  readonly version: string;
  readonly total: number;
  readonly avgConfidence: number | null;
  readonly avgProcessingMs: number;
  readonly last: Date;
}

export interface DayTrend {
  /** `2026-01-31`, in UTC. */
  readonly date: string;
  readonly count: number;
  readonly avgProcessingMs: number | null;
  readonly avgConfidence: number | null;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const { label, model, version, at } = predictionLog;
const count = sql<number>`count(*)::int`;
const processingMs = sql`${predictionLog.queueMs}::float8 + ${predictionLog.runMs}`;
const avgProcessingMs = sql<number>`avg(${processingMs})`;
const avgConfidence = sql<number | null>`avg(${predictionLog.score}::float8)`;

/** Sums over the prediction log. Windows end now; `filter.from` and `filter.to` are not looked at. */
export class PredictionStatistics {
  constructor(
    private readonly database: Pick<Database, 'db'>,
    /** Ms since 1970. */
    private readonly now: () => number = Date.now,
  ) {}

  async stats(filter: PredictionFilter, hours: number): Promise<PredictionStats> {
    const rows = await this.database.db
      .select({
        label,
        count,
        scored: sql<number>`count(${predictionLog.score})::int`,
        scores: sql<number | null>`sum(${predictionLog.score}::float8)`,
        ms: sql<number>`sum(${processingMs})`,
      })
      .from(predictionLog)
      .where(this.lastHours(filter, hours))
      .groupBy(label)
      .orderBy(sql`count(*) desc`, label);
    const total = sumOf(rows, (row) => row.count);
    const scored = sumOf(rows, (row) => row.scored);
    return {
      total,
      avgConfidence: scored === 0 ? null : sumOf(rows, (row) => row.scores ?? 0) / scored,
      avgProcessingMs: total === 0 ? null : sumOf(rows, (row) => row.ms) / total,
      byLabel: Object.fromEntries(
        rows.flatMap((row) => (row.label === null ? [] : [[row.label, row.count]])),
      ),
    };
  }

  /** The same for each version of each model, the busiest first. */
  byModel(filter: PredictionFilter, hours: number): Promise<ModelStats[]> {
    return this.database.db
      .select({
        model,
        version,
        total: count,
        avgConfidence,
        avgProcessingMs,
        last: sql<Date>`max(${at})`.mapWith(at),
      })
      .from(predictionLog)
      .where(this.lastHours(filter, hours))
      .groupBy(model, version)
      .orderBy(sql`count(*) desc`, model, version);
  }

  /** Each of the last `days` days of UTC, today included, also those without predictions; oldest first. */
  async trends(filter: PredictionFilter, days: number): Promise<DayTrend[]> {
    const today = Math.floor(this.now() / DAY_MS) * DAY_MS;
    const first = today - (days - 1) * DAY_MS;
    const date = sql<string>`to_char(${at} at time zone 'UTC', 'YYYY-MM-DD')`;
    const rows = await this.database.db
      .select({ date, count, avgProcessingMs, avgConfidence })
      .from(predictionLog)
      .where(matching({ ...filter, from: new Date(first), to: new Date(today + DAY_MS) }))
      // By position: the expression's parameters would make it look like another one.
      .groupBy(sql`1`);
    const byDate = new Map(rows.map((row) => [row.date, row]));
    return Array.from({ length: days }, (_, i) => {
      const day = new Date(first + i * DAY_MS).toISOString().slice(0, 10);
      return byDate.get(day) ?? { date: day, count: 0, avgProcessingMs: null, avgConfidence: null };
    });
  }

  private lastHours(filter: PredictionFilter, hours: number) {
    const from = new Date(this.now() - hours * HOUR_MS);
    return matching({ ...filter, from, to: undefined });
  }
}

function sumOf<Row>(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((sum, row) => sum + value(row), 0);
}
