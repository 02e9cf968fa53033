import type { AuditEvent } from './audit-event.js';
import type { auditLog } from './audit.schema.js';

export type AuditRow = typeof auditLog.$inferSelect;

/** Longest text of a field; the rest is cut off. Callers choose some of them, headers among them. */
const MOST_CHARACTERS = 1_000;

/** Everything but the place in the chain. */
export function rowContent(
  event: AuditEvent,
  hashPatient: (patientId: string) => Buffer,
): Omit<AuditRow, 'seq' | 'id' | 'at' | 'mac'> {
  return {
    tenantId: storable(event.tenantId),
    actorKind: event.actor.kind,
    actorId: storable(event.actor.id),
    sessionId: optional(event.sessionId),
    keyId: optional(event.keyId),
    action: storable(event.action),
    objectKind: storable(event.object.kind),
    objectId: optional(event.object.id),
    patientHash: event.patientId == null ? null : hashPatient(event.patientId).toString('hex'),
    reason: optional(event.reason),
    result: event.result,
    status: event.status ?? null,
    address: optional(event.address),
    userAgent: optional(event.userAgent),
    requestId: optional(event.requestId),
  };
}

function optional(text: string | null | undefined): string | null {
  return text == null ? null : storable(text);
}

/** As Postgres gives it back: its texts know neither NUL nor halves of surrogate pairs. */
function storable(text: string): string {
  return Buffer.from(text.slice(0, MOST_CHARACTERS), 'utf8').toString('utf8').replaceAll('\0', '�');
}
