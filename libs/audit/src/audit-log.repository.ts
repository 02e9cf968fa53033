import { and, asc, desc, gt, inArray, sql, type SQL } from 'drizzle-orm';
import type { NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import type { AuditRow } from './audit-row.js';
import { auditLog } from './audit.schema.js';

/** The database, or a transaction. */
export type Queryable = PgDatabase<NodePgQueryResultHKT>;

export interface ChainHead {
  readonly seq: number;
  readonly mac: Buffer;
}

/** Any number that no other advisory lock of the service has. */
const CHAIN_LOCK = 7_201_201;

/** A statement may have 65,535 parameters. */
const INSERT_ROWS = 500;

const HEAD = { seq: auditLog.seq, mac: auditLog.mac };

/** The table of the audit log. */
export const auditRows = {
  /** Whoever appends next waits until this transaction has ended. */
  async lockChain(tx: Queryable): Promise<void> {
    await tx.execute(sql`select pg_advisory_xact_lock(${CHAIN_LOCK})`);
  },

  async head(db: Queryable): Promise<ChainHead | null> {
    const [head] = await db.select(HEAD).from(auditLog).orderBy(desc(auditLog.seq)).limit(1);
    return head ?? null;
  },

  async append(tx: Queryable, rows: readonly AuditRow[]): Promise<void> {
    for (let start = 0; start < rows.length; start += INSERT_ROWS) {
      await tx.insert(auditLog).values(rows.slice(start, start + INSERT_ROWS));
    }
  },

  /** Ascending, from behind a row on. */
  after(db: Queryable, seq: number, limit: number, filter?: SQL): Promise<AuditRow[]> {
    return db
      .select()
      .from(auditLog)
      .where(and(gt(auditLog.seq, seq), filter))
      .orderBy(asc(auditLog.seq))
      .limit(limit);
  },

  /** Descending. */
  newest(db: Queryable, limit: number, filter?: SQL): Promise<AuditRow[]> {
    return db.select().from(auditLog).where(filter).orderBy(desc(auditLog.seq)).limit(limit);
  },

  async count(db: Queryable, filter?: SQL): Promise<number> {
    return db.$count(auditLog, filter);
  },

  /** The MACs of certain rows, as far as there are such rows. */
  async macs(db: Queryable, seqs: readonly number[]): Promise<Map<number, Buffer>> {
    const rows = await db
      .select(HEAD)
      .from(auditLog)
      .where(inArray(auditLog.seq, [...seqs]));
    return new Map(rows.map(({ seq, mac }) => [seq, mac]));
  },
};
