import type { Queryable } from '@app/database';
import { sql } from 'drizzle-orm';

/** A row of `api_metrics`, under its columns' names, as JSON takes it. */
export interface ApiMetricsRow {
  readonly minute: string;
  readonly instance: string;
  readonly tenant_id: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly requests: number;
  readonly total_ms: number;
  readonly max_ms: number;
  readonly durations: readonly number[];
}

export const apiMetricsRepository = {
  /**
   * Writes how far counts have come. A process counts upwards and under its
   * own name, so that writing the same again, or late, changes nothing.
   */
  async put(db: Queryable, rows: readonly ApiMetricsRow[]): Promise<void> {
    await db.execute(sql`
      insert into api_metrics as known (
        minute, instance, tenant_id, method, route, status, requests, total_ms, max_ms, durations
      )
      select
        minute, instance, tenant_id, method, route, status, requests, total_ms, max_ms, durations
      from json_to_recordset(${JSON.stringify(rows)}::json) as row(
        minute timestamptz, instance text, tenant_id text, method text, route text,
        status integer, requests bigint, total_ms float8, max_ms float8, durations integer[]
      )
      on conflict (minute, instance, tenant_id, method, route, status) do update set
        requests = excluded.requests,
        total_ms = excluded.total_ms,
        max_ms = excluded.max_ms,
        durations = excluded.durations
      where excluded.requests > known.requests`);
  },

  /** Removes some of the rows older than a time. @returns how many it were, at most `most` */
  async removeOlder(db: Queryable, than: Date, most: number): Promise<number> {
    const result = await db.execute(sql`
      delete from api_metrics where ctid = any(array(
        select ctid from api_metrics where minute < ${than.toISOString()}::timestamptz
        limit ${most} for update skip locked
      ))`);
    return result.rowCount ?? 0;
  },
};
