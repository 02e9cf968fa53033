export {
  ACTOR_KINDS,
  AUDIT_RESULTS,
  type ActorKind,
  type AuditEvent,
  type AuditResult,
} from './audit-event.js';
export { AuditLog, type AuditLogger, type AuditOptions, type AuditPage } from './audit-log.js';
export type { AuditRow as AuditEntry } from './audit-row.js';
export { createAuditLog, type AuditSecrets } from './create-audit-log.js';
export { auditLog as auditLogTable } from './audit.schema.js';
export type { AuditFilter } from './reading/audit-filter.js';
export { EXPORT_FORMATS, type ExportFormat } from './reading/export-entries.js';
export { describeFinding, type AuditFinding } from './verification/finding.js';
export type { AuditVerification } from './verification/verify-audit-log.js';
