import { sameMac } from '../audit-chain.js';
import { auditRows, type Queryable } from '../audit-log.repository.js';
import type { CheckpointFiles } from '../checkpoints/checkpoint-files.js';
import type { Checkpoint } from '../checkpoints/checkpoint-line.js';
import type { AuditFinding } from './finding.js';

/** Checkpoints that are looked up in the table at once. */
const BATCH = 1_000;

export interface CheckpointsResult {
  readonly checkpoints: number;
  /** The highest row that stands as a checkpoint saw it, 0 when there is none. */
  readonly anchored: number;
}

/**
 * Compares every checkpoint with its row.
 * @param last the table's last row, for which the chain was verified
 */
export async function verifyCheckpoints(
  db: Queryable,
  files: CheckpointFiles,
  last: number,
  onFinding: (finding: AuditFinding) => void,
): Promise<CheckpointsResult> {
  let checkpoints = 0;
  let anchored = 0;
  let gone = 0;
  let batch: Checkpoint[] = [];

  const compare = async (): Promise<void> => {
    const macs = await auditRows.macs(
      db,
      batch.map(({ seq }) => seq),
    );
    const reported = new Set<number>();
    for (const { seq, mac } of batch) {
      const found = macs.get(seq);
      if (found === undefined) {
        // Up to the last row, its absence was found in the chain.
        if (seq > last) gone = Math.max(gone, seq);
      } else if (sameMac(found, mac)) {
        anchored = Math.max(anchored, seq);
      } else if (!reported.has(seq)) {
        reported.add(seq);
        onFinding({ kind: 'replaced', seq });
      }
    }
    checkpoints += batch.length;
    batch = [];
  };

  for await (const entry of files.entries()) {
    if ('checkpoint' in entry) {
      batch.push(entry.checkpoint);
      if (batch.length === BATCH) await compare();
    } else if (!entry.last) {
      onFinding({ kind: 'checkpoint', file: entry.file, line: entry.line });
    }
  }
  await compare();
  if (gone > 0) onFinding({ kind: 'truncated', from: last + 1, to: gone });
  return { checkpoints, anchored };
}
