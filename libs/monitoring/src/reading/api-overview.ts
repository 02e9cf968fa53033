import type { Database } from '@app/database';
import { and, desc, eq, gte, sql } from 'drizzle-orm';
import { DURATION_STEPS, quantile } from '../api-metrics/duration-steps.js';
import { apiMetrics } from '../monitoring.schema.js';

/** How requests went. Times are null when there were none. */
export interface RequestSummary {
  readonly requests: number;
  /** Answered 5xx. */
  readonly failed: number;
  /** Answered 4xx, and clients that went away. */
  readonly refused: number;
  readonly avgMs: number | null;
  readonly maxMs: number | null;
  /** Estimates: see {@link quantile} for how far off they can be. */
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
}

export interface RouteSummary extends RequestSummary {
  readonly method: string;
  readonly route: string;
}

export interface MinuteSummary {
  readonly minute: Date;
  readonly requests: number;
  readonly failed: number;
  readonly avgMs: number;
}

export interface ApiOverview extends RequestSummary {
  /** The busiest first. */
  readonly routes: readonly RouteSummary[];
  /** Minutes of the last hour that had requests, oldest first. */
  readonly minutes: readonly MinuteSummary[];
}

interface RouteCounts {
  readonly method: string;
  readonly route: string;
  readonly requests: number;
  readonly failed: number;
  readonly refused: number;
  readonly totalMs: number;
  readonly maxMs: number;
}

const HOUR_MS = 3_600_000;
const requests = sql<number>`sum(${apiMetrics.requests})::float8`;
const failed = sql<number>`coalesce(sum(${apiMetrics.requests}) filter (where ${apiMetrics.status} >= 500), 0)::float8`;
const refused = sql<number>`coalesce(sum(${apiMetrics.requests}) filter (where ${apiMetrics.status} between 400 and 499), 0)::float8`;

/** Sums over the request counts. */
export class ApiStatistics {
  constructor(
    private readonly database: Pick<Database, 'db'>,
    /** Ms since 1970. */
    private readonly now: () => number = Date.now,
  ) {}

  /** @param tenantId null for all tenants, and for requests that were not let in */
  async overview(tenantId: string | null, hours: number): Promise<ApiOverview> {
    const [routes, steps, minutes] = await Promise.all([
      this.routes(tenantId, hours),
      this.steps(tenantId, hours),
      this.minutes(tenantId),
    ]);
    return {
      ...summarise(routes, addUp([...steps.values()])),
      routes: routes.map((counts) => {
        const { method, route } = counts;
        return { method, route, ...summarise([counts], steps.get(`${method} ${route}`) ?? []) };
      }),
      minutes,
    };
  }

  private routes(tenantId: string | null, hours: number): Promise<RouteCounts[]> {
    const { method, route } = apiMetrics;
    return this.database.db
      .select({
        ...{ method, route, requests, failed, refused },
        totalMs: sql<number>`sum(${apiMetrics.totalMs})`,
        maxMs: sql<number>`max(${apiMetrics.maxMs})`,
      })
      .from(apiMetrics)
      .where(this.lastHours(tenantId, hours))
      .groupBy(method, route)
      .orderBy(desc(requests), route, method);
  }

  /** Requests by step of duration, of each method and route. */
  private async steps(tenantId: string | null, hours: number): Promise<Map<string, number[]>> {
    const { rows } = await this.database.db.execute<{ key: string; step: number; count: number }>(
      sql`
        select method || ' ' || route as key, step::int - 1 as step, sum(hits)::float8 as count
        from ${apiMetrics}, unnest(durations) with ordinality as duration(hits, step)
        where ${this.lastHours(tenantId, hours)} and hits > 0
        group by 1, 2`,
    );
    const byRoute = new Map<string, number[]>();
    for (const { key, step, count } of rows) {
      const counts = byRoute.get(key) ?? noCounts();
      counts[step] = count;
      byRoute.set(key, counts);
    }
    return byRoute;
  }

  private minutes(tenantId: string | null): Promise<MinuteSummary[]> {
    const { minute } = apiMetrics;
    const avgMs = sql<number>`sum(${apiMetrics.totalMs}) / sum(${apiMetrics.requests})::float8`;
    return this.database.db
      .select({ minute, requests, failed, avgMs })
      .from(apiMetrics)
      .where(this.lastHours(tenantId, 1))
      .groupBy(minute)
      .orderBy(minute);
  }

  private lastHours(tenantId: string | null, hours: number) {
    return and(
      tenantId === null ? undefined : eq(apiMetrics.tenantId, tenantId),
      gte(apiMetrics.minute, new Date(this.now() - hours * HOUR_MS)),
    );
  }
}

function summarise(counts: readonly RouteCounts[], steps: readonly number[]): RequestSummary {
  const sum = (value: (count: RouteCounts) => number) =>
    counts.reduce((total, count) => total + value(count), 0);
  const total = sum((count) => count.requests);
  const maxMs = Math.max(0, ...counts.map((count) => count.maxMs));
  return {
    requests: total,
    failed: sum((count) => count.failed),
    refused: sum((count) => count.refused),
    avgMs: total === 0 ? null : sum((count) => count.totalMs) / total,
    maxMs: total === 0 ? null : maxMs,
    p50Ms: quantile(steps, 0.5, maxMs),
    p95Ms: quantile(steps, 0.95, maxMs),
  };
}

function addUp(many: readonly (readonly number[])[]): number[] {
  return noCounts().map((_, step) => many.reduce((sum, counts) => sum + (counts[step] ?? 0), 0));
}

function noCounts(): number[] {
  return new Array<number>(DURATION_STEPS).fill(0);
}
