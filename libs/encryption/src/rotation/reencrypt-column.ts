import { sql, type SQL } from 'drizzle-orm';
import { EnvelopeError } from '../field-envelope.js';
import type { FieldPlace } from '../field-cipher.js';
import type { Queryable } from '../stored-keys.repository.js';
import type { ColumnSql, EncryptedColumn } from './encrypted-column.js';

/** Rows that are locked at once, for a few milliseconds. */
const BATCH_ROWS = 100;

export interface Reencryption {
  readonly db: Queryable;
  /** The rows to do. */
  readonly others: SQL;
  /** @throws EnvelopeError when the envelope cannot be read */
  readonly reencrypt: (place: FieldPlace, envelope: string) => string;
  /** Called after each batch with the rows changed since the last call. */
  readonly onChanged: (rows: number) => void;
  readonly signal?: AbortSignal;
}

/**
 * Goes through a column once and encrypts anew what was encrypted with
 * another key. Each batch is a transaction that takes the rows
 * nobody else works on, so that it neither waits for the service nor
 * overwrites what it writes; a later pass finds the others.
 *
 * @returns rows that cannot be read, which stay as they are
 */
export async function reencryptColumn(
  target: EncryptedColumn,
  names: ColumnSql,
  work: Reencryption,
): Promise<number> {
  let unreadable = 0;
  let after: string | null = null;
  do {
    work.signal?.throwIfAborted();
    const batch = await reencryptBatch(target, names, work, after);
    after = batch.last;
    unreadable += batch.unreadable;
    if (batch.changed > 0) work.onChanged(batch.changed);
  } while (after !== null);
  return unreadable;
}

function reencryptBatch(
  { table, column }: EncryptedColumn,
  names: ColumnSql,
  { db, others, reencrypt }: Reencryption,
  after: string | null,
): Promise<{ last: string | null; changed: number; unreadable: number }> {
  const { rowKey, keyType } = names;
  const from = after === null ? sql`` : sql`and ${rowKey} > ${after}::${keyType}`;
  return db.transaction(async (tx) => {
    const { rows } = await tx.execute<{ key: string; envelope: string }>(sql`
      select ${rowKey}::text as key, ${names.column} as envelope from ${names.table}
      where ${others} ${from}
      order by ${rowKey} limit ${BATCH_ROWS} for update skip locked`);
    const changes: SQL[] = [];
    for (const { key, envelope } of rows) {
      try {
        const fresh = reencrypt({ table, column, row: key }, envelope);
        changes.push(sql`(${key}::${keyType}, ${envelope}::text, ${fresh}::text)`);
      } catch (error) {
        if (!(error instanceof EnvelopeError)) throw error;
      }
    }
    if (changes.length > 0) {
      await tx.execute(sql`
        update ${names.table} t set ${names.column} = change.fresh
        from (values ${sql.join(changes, sql`, `)}) change (key, envelope, fresh)
        where t.${rowKey} = change.key and t.${names.column} = change.envelope`);
    }
    return {
      last: rows.at(-1)?.key ?? null,
      changed: changes.length,
      unreadable: rows.length - changes.length,
    };
  });
}
