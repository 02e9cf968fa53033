import {
  bigint,
  customType,
  index,
  integer,
  pgTable,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/**
 * Who did what to which object, and why. Rows are only ever appended: a
 * trigger refuses anything else, and each holds a MAC over itself and its
 * predecessor's MAC.
 */
export const auditLog = pgTable(
  'audit_log',
  {
    /** Without gaps, in the order of the chain. */
    seq: bigint('seq', { mode: 'number' }).primaryKey(),
    id: uuid('id').notNull().unique(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull(),
    tenantId: text('tenant_id').notNull(),
    /** `user`, `key`, `system` or `anonymous`. */
    actorKind: text('actor_kind').notNull(),
    actorId: text('actor_id').notNull(),
    sessionId: text('session_id'),
    keyId: text('key_id'),
    /** `user.create`, `api_key.revoke`, `patient.read`, … */
    action: text('action').notNull(),
    objectKind: text('object_kind').notNull(),
    /** Id of the object; null where only the patient's would do. */
    objectId: text('object_id'),
    /** Whose data it was: a keyed hash of the patient id, in hex. */
    patientHash: text('patient_hash'),
    /** What the caller gave as X-Access-Reason. */
    reason: text('reason'),
    /** `success`, `refused` or `failed`. */
    result: text('result').notNull(),
    status: integer('status'),
    address: text('address'),
    userAgent: text('user_agent'),
    requestId: text('request_id'),
    mac: bytea('mac').notNull(),
  },
  (table) => [
    index('audit_log_tenant').on(table.tenantId, table.seq),
    index('audit_log_object').on(table.objectKind, table.objectId, table.seq),
    index('audit_log_actor').on(table.actorId, table.seq),
    index('audit_log_patient').on(table.patientHash, table.seq),
    index('audit_log_at').on(table.at),
  ],
);
