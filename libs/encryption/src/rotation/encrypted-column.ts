import { SetupError } from '@app/common';
import { sql, type SQL } from 'drizzle-orm';
import { envelopePrefix } from '../field-envelope.js';
import type { Queryable } from '../stored-keys.repository.js';

/** A column that holds envelopes or null. */
export interface EncryptedColumn {
  readonly table: string;
  readonly column: string;
  /** The column whose text is the `row` of the envelopes' places: the primary key. */
  readonly rowKey: string;
}

/** An {@link EncryptedColumn} in terms of SQL. */
export interface ColumnSql {
  readonly table: SQL;
  readonly column: SQL;
  readonly rowKey: SQL;
  /** Type of the row key. */
  readonly keyType: SQL;
}

/** @throws SetupError when the database has no such columns */
export async function columnSql(
  db: Queryable,
  { table, column, rowKey }: EncryptedColumn,
): Promise<ColumnSql> {
  const found = await db.execute<{ name: string; type: string }>(sql`
    select attname as name, format_type(atttypid, null) as type
    from pg_attribute
    where attrelid = to_regclass(quote_ident(${table}::text))
      and attname in (${column}, ${rowKey}) and attnum > 0 and not attisdropped`);
  const keyType = found.rows.find(({ name }) => name === rowKey)?.type;
  if (keyType === undefined || !found.rows.some(({ name }) => name === column)) {
    throw new SetupError(
      `The database has no columns ${table}.${column} and ${table}.${rowKey}. ` +
        'Correct the list of encrypted columns or run the migrations.',
    );
  }
  return {
    table: sql.identifier(table).getSQL(),
    column: sql.identifier(column).getSQL(),
    rowKey: sql.identifier(rowKey).getSQL(),
    keyType: sql.raw(keyType),
  };
}

/** Whether a row's value was made with none of these keys. */
export function madeWithOthers(column: SQL, versions: readonly number[]): SQL {
  const patterns = versions.map((version) => sql`${`${envelopePrefix(version)}%`}`);
  return sql`${column} not like all (array[${sql.join(patterns, sql`, `)}])`;
}
