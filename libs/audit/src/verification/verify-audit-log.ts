import { gt, sql } from 'drizzle-orm';
import type { Queryable } from '../audit-log.repository.js';
import { auditLog } from '../audit.schema.js';
import type { CheckpointFiles } from '../checkpoints/checkpoint-files.js';
import type { AuditFinding } from './finding.js';
import { verifyChain } from './verify-chain.js';
import { verifyCheckpoints } from './verify-checkpoints.js';

/** How many findings are kept; `onFinding` hears of all. */
const FINDINGS_KEPT = 100;

export interface AuditVerification {
  /** Nothing was found. */
  readonly sound: boolean;
  readonly rows: number;
  readonly checkpoints: number;
  /** All of them; `findings` holds the first. */
  readonly findingCount: number;
  readonly findings: readonly AuditFinding[];
  /**
   * Rows after the last checkpoint. Edits of them are found; that the last of
   * them were cut off would not be. Null when there are none.
   */
  readonly unanchored: { readonly rows: number; readonly from: Date; readonly to: Date } | null;
}

export async function verifyAuditLog(
  db: Queryable,
  key: Buffer,
  files: CheckpointFiles,
  onFinding: (finding: AuditFinding) => void = () => undefined,
): Promise<AuditVerification> {
  const findings: AuditFinding[] = [];
  let findingCount = 0;
  const note = (finding: AuditFinding): void => {
    if (++findingCount <= FINDINGS_KEPT) findings.push(finding);
    onFinding(finding);
  };
  const { rows, last } = await verifyChain(db, key, note);
  const { checkpoints, anchored } = await verifyCheckpoints(db, files, last, note);
  return {
    sound: findingCount === 0,
    rows,
    checkpoints,
    findingCount,
    findings,
    unanchored: await rowsAfter(db, anchored),
  };
}

async function rowsAfter(db: Queryable, seq: number): Promise<AuditVerification['unanchored']> {
  const [window] = await db
    .select({
      rows: sql<number>`count(*)::float8`,
      from: sql`min(${auditLog.at})`.mapWith(auditLog.at),
      to: sql`max(${auditLog.at})`.mapWith(auditLog.at),
    })
    .from(auditLog)
    .where(gt(auditLog.seq, seq));
  return window === undefined || window.rows === 0 ? null : window;
}
