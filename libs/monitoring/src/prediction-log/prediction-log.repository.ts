import { DomainError } from '@app/common';
import { QueryError, type Queryable } from '@app/database';
import { sql } from 'drizzle-orm';
import type { PredictionRow } from './prediction-row.js';

/** Data exceptions and integrity violations speak of a row; all else of the server or the schema. */
const ROWS_FAULT = /^2[23]/;

export function isRowsFault(error: unknown): boolean {
  // What the database says of a NUL is put in a caller's words.
  const cause = error instanceof DomainError ? error.cause : error;
  return cause instanceof QueryError && ROWS_FAULT.test(cause.sqlState);
}

export const predictionLogRepository = {
  /**
   * Writes rows that are not there yet. They travel as one parameter: building
   * a statement of thousands would keep the event loop for many milliseconds.
   *
   * @returns how many were new
   */
  async add(db: Queryable, rows: readonly PredictionRow[]): Promise<number> {
    const result = await db.execute(sql`
      insert into prediction_log (
        id, at, tenant_id, principal_id, request_id, model, version, task, label, score,
        tokens, unknown_share, queue_ms, run_ms, text_hash, text
      )
      select
        id, at, tenant_id, principal_id, request_id, model, version, task, label, score,
        tokens, unknown_share, queue_ms, run_ms, decode(text_hash, 'hex'), text
      from json_to_recordset(${JSON.stringify(rows)}::json) as row(
        id uuid, at timestamptz, tenant_id text, principal_id text, request_id text, model text,
        version text, task text, label text, score real, tokens integer, unknown_share real,
        queue_ms real, run_ms real, text_hash text, text text
      )
      on conflict (id) do nothing`);
    return result.rowCount ?? 0;
  },

  /** Removes some of the rows older than a time. @returns how many it were, at most `most` */
  async removeOlder(db: Queryable, than: Date, most: number): Promise<number> {
    const result = await db.execute(sql`
      delete from prediction_log where id in (
        select id from prediction_log where at < ${than.toISOString()}::timestamptz
        order by at limit ${most} for update skip locked
      )`);
    return result.rowCount ?? 0;
  },
};
