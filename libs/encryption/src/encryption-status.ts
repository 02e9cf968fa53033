import { sql } from 'drizzle-orm';
import type { KeyWrapper } from './operator/key-wrapper.js';
import { columnSql, type EncryptedColumn } from './rotation/encrypted-column.js';
import { storedKeys, type Queryable, type StoredDataKey } from './stored-keys.repository.js';

export interface DataKeyStatus {
  readonly version: number;
  /** `next` encrypts soon, `active` encrypts, `old` still has fields or may have, `retired` has none. */
  readonly state: 'next' | 'active' | 'old' | 'retired';
  readonly wrappedBy: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  /** Values encrypted with it so far, a few seconds late. */
  readonly encryptions: number;
  /** Values in the given columns that it opens now. */
  readonly fields: number;
}

export interface EncryptionStatus {
  /** Id of the operator's key that wraps now. */
  readonly operatorKey: string;
  /** Ascending by version. */
  readonly keys: readonly DataKeyStatus[];
  readonly columns: readonly {
    readonly table: string;
    readonly column: string;
    /** Values by key version; 0 stands for what is no envelope. */
    readonly fields: ReadonlyMap<number, number>;
  }[];
}

/** Reads every given column once. */
export async function encryptionStatus(
  db: Queryable,
  wrapper: KeyWrapper,
  encrypted: readonly EncryptedColumn[],
): Promise<EncryptionStatus> {
  const columns: EncryptionStatus['columns'][number][] = [];
  for (const target of encrypted) {
    const { table, column } = target;
    columns.push({ table, column, fields: await fieldsByVersion(db, target) });
  }
  const rows = await storedKeys.dataKeys(db);
  const active = rows.findLast((row) => row.active)?.version ?? 0;
  return {
    operatorKey: await wrapper.currentId(),
    keys: rows.map((row) => ({
      version: row.version,
      state: stateOf(row, active),
      wrappedBy: row.wrappedBy,
      createdAt: row.createdAt,
      retiredAt: row.retiredAt,
      encryptions: row.encryptions,
      fields: columns.reduce((sum, { fields }) => sum + (fields.get(row.version) ?? 0), 0),
    })),
    columns,
  };
}

function stateOf(row: StoredDataKey, active: number): DataKeyStatus['state'] {
  if (row.version === active) return 'active';
  if (row.retiredAt !== null) return 'retired';
  return row.version > active ? 'next' : 'old';
}

async function fieldsByVersion(
  db: Queryable,
  target: EncryptedColumn,
): Promise<Map<number, number>> {
  const { table, column } = await columnSql(db, target);
  const { rows } = await db.execute<{ version: number; count: number }>(sql`
    select coalesce(substring(${column} from '^e1[.]([0-9]{1,9})[.]')::int, 0) as version,
      count(*)::float8 as count
    from ${table} where ${column} is not null group by 1`);
  return new Map(rows.map(({ version, count }) => [version, count]));
}
