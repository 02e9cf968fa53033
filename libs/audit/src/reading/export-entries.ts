import { csvLine } from '@app/common';
import type { AuditRow } from '../audit-row.js';

export const EXPORT_FORMATS = ['jsonl', 'csv'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Names of the export's fields, in the order of the CSV columns. */
const FIELDS: Readonly<Record<string, (row: AuditRow) => string | number | null>> = {
  seq: (row) => row.seq,
  id: (row) => row.id,
  at: (row) => row.at.toISOString(),
  tenant_id: (row) => row.tenantId,
  actor_kind: (row) => row.actorKind,
  actor_id: (row) => row.actorId,
  session_id: (row) => row.sessionId,
  key_id: (row) => row.keyId,
  action: (row) => row.action,
  object_kind: (row) => row.objectKind,
  object_id: (row) => row.objectId,
  patient_hash: (row) => row.patientHash,
  reason: (row) => row.reason,
  result: (row) => row.result,
  status: (row) => row.status,
  address: (row) => row.address,
  user_agent: (row) => row.userAgent,
  request_id: (row) => row.requestId,
  mac: (row) => row.mac.toString('hex'),
};

/**
 * Lines with their ends: JSON objects, or CSV (RFC 4180) with a heading. The
 * heading waits for the first entry, so that what cannot be read fails with
 * nothing given yet.
 */
export async function* exportEntries(
  entries: AsyncIterable<AuditRow>,
  format: ExportFormat,
): AsyncGenerator<string> {
  let heading = format === 'csv' ? csvLine(Object.keys(FIELDS)) : null;
  for await (const entry of entries) {
    if (heading !== null) yield heading;
    heading = null;
    const values = Object.entries(FIELDS).map(([name, valueOf]) => [name, valueOf(entry)] as const);
    yield format === 'csv'
      ? csvLine(values.map(([, value]) => value))
      : `${JSON.stringify(Object.fromEntries(values))}\n`;
  }
  if (heading !== null) yield heading;
}
