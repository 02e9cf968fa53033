import path from 'node:path';
import type { Queryable } from './audit-log.repository.js';
import { AuditLog, type AuditLogger } from './audit-log.js';

/** What the encryption lib derives from its root secret. */
export interface AuditSecrets {
  deriveKey(purpose: string): Buffer;
  keyedHash(purpose: string, value: string): Buffer;
}

/** The audit log of an installation, as its service and its tools have to agree on it. Not yet open. */
export function createAuditLog(options: {
  readonly db: Queryable;
  readonly secrets: AuditSecrets;
  /** Checkpoints are in its folder `audit/checkpoints`. */
  readonly dataDir: string;
  readonly log: AuditLogger;
}): AuditLog {
  const { db, secrets, dataDir, log } = options;
  return new AuditLog({
    db,
    log,
    key: secrets.deriveKey('audit log'),
    hashPatient: (patientId) => secrets.keyedHash('patient', patientId),
    checkpointFolder: path.join(dataDir, 'audit', 'checkpoints'),
  });
}
