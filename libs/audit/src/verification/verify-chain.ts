import { lte } from 'drizzle-orm';
import { CHAIN_START, rowMac, sameMac } from '../audit-chain.js';
import { auditRows, type Queryable } from '../audit-log.repository.js';
import { auditLog } from '../audit.schema.js';
import type { AuditFinding } from './finding.js';

const PAGE_ROWS = 1_000;

export interface ChainResult {
  readonly rows: number;
  /** Number of the last row, 0 when there is none. */
  readonly last: number;
}

/** Recomputes every row's MAC, a page at a time, up to what is the end when it gets there. */
export async function verifyChain(
  db: Queryable,
  key: Buffer,
  onFinding: (finding: AuditFinding) => void,
): Promise<ChainResult> {
  let rows = 0;
  let last = 0;
  /** Null once the predecessor is gone: then there is nothing to compare with. */
  let previous: Buffer | null = CHAIN_START;
  let after = Number.MIN_SAFE_INTEGER;
  for (;;) {
    const page = await auditRows.after(db, after, PAGE_ROWS);
    for (const row of page) {
      after = row.seq;
      rows++;
      if (row.seq <= last) {
        onFinding({ kind: 'inserted', seq: row.seq });
        continue;
      }
      if (row.seq > last + 1) {
        onFinding({ kind: 'missing', from: last + 1, to: row.seq - 1 });
        previous = null;
      }
      if (previous !== null && !sameMac(rowMac(key, previous, row), row.mac)) {
        onFinding({ kind: 'altered', seq: row.seq });
      }
      previous = row.mac;
      last = row.seq;
    }
    if (page.length < PAGE_ROWS) break;
  }
  // A second row of one number, where the table's key was dropped, may hide between two pages.
  const counted = await auditRows.count(db, lte(auditLog.seq, Math.max(last, after)));
  if (counted > rows) onFinding({ kind: 'inserted', seq: last });
  return { rows, last };
}
