import { and, eq, gte, like, lt, type SQL } from 'drizzle-orm';
import type { AuditResult } from '../audit-event.js';
import { auditLog } from '../audit.schema.js';

/** What is left out is not asked for. */
export interface AuditFilter {
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
  readonly tenantId?: string;
  readonly actorId?: string;
  /** `patient.read`, or `patient.*` for all that begin so. */
  readonly action?: string;
  readonly objectKind?: string;
  readonly objectId?: string;
  /** As it was recorded; looked up by its hash. */
  readonly patientId?: string;
  readonly result?: AuditResult;
  readonly requestId?: string;
}

export function filterCondition(
  filter: AuditFilter,
  hashPatient: (patientId: string) => Buffer,
): SQL | undefined {
  const { from, to, action, patientId, ...exact } = filter;
  const conditions: SQL[] = [];
  if (from !== undefined) conditions.push(gte(auditLog.at, from));
  if (to !== undefined) conditions.push(lt(auditLog.at, to));
  if (action !== undefined) conditions.push(actionCondition(action));
  if (patientId !== undefined) {
    conditions.push(eq(auditLog.patientHash, hashPatient(patientId).toString('hex')));
  }
  for (const name of EXACT) {
    const value = exact[name];
    if (value !== undefined) conditions.push(eq(auditLog[name], value));
  }
  return and(...conditions);
}

const EXACT = ['tenantId', 'actorId', 'objectKind', 'objectId', 'result', 'requestId'] as const;

function actionCondition(action: string): SQL {
  if (!action.endsWith('.*')) return eq(auditLog.action, action);
  const start = action.slice(0, -1).replaceAll(/[\\%_]/g, '\\$&');
  return like(auditLog.action, `${start}%`);
}
