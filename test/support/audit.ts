import { createHmac } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { AuditEvent, AuditLog, AuditOptions } from '@app/audit';
import type { FreshDatabase } from '@app/database/testing';
import { sql, type SQL } from 'drizzle-orm';

export const EVENT: AuditEvent = {
  tenantId: 'default',
  actor: { kind: 'user', id: 'u1' },
  sessionId: 's1',
  action: 'patient.read',
  object: { kind: 'patient' },
  patientId: 'PAT0042',
  reason: 'ward round',
  result: 'success',
  status: 200,
  address: '10.0.0.1',
  userAgent: 'curl/8',
  requestId: 'req-a-b',
};

export function hashPatient(patientId: string): Buffer {
  return createHmac('sha256', 'patients').update(patientId).digest();
}

/** A log with a folder of its own for checkpoints, which its end removes. */
export async function openAuditLog<Log extends AuditLog>(
  { database }: FreshDatabase,
  Kind: new (options: AuditOptions) => Log,
): Promise<{ readonly audit: Log; close(): Promise<void> }> {
  const checkpointFolder = await mkdtemp(path.join(tmpdir(), 'audit log '));
  const audit = new Kind({
    db: database.db,
    key: Buffer.alloc(32, 1),
    hashPatient,
    checkpointFolder,
    log: { error: () => undefined },
  });
  const close = async () => {
    await audit.close();
    await rm(checkpointFolder, { recursive: true });
  };
  return { audit, close };
}

/** Records like events in one transaction. */
export function recordMany(
  { database }: FreshDatabase,
  audit: AuditLog,
  count: number,
): Promise<void> {
  const events = Array.from({ length: count }, (_, index) => ({
    ...EVENT,
    object: { kind: 'patient', id: String(index) },
  }));
  return database.transaction((tx) => audit.record(tx, ...events));
}

/** Changes the table as one who owns the database would. */
export async function attack(db: AuditOptions['db'], ...changes: SQL[]): Promise<void> {
  await db.execute(sql`alter table audit_log disable trigger audit_log_append_only`);
  for (const change of changes) await db.execute(change);
}
