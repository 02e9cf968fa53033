export const ACTOR_KINDS = ['user', 'key', 'system', 'anonymous'] as const;
export type ActorKind = (typeof ACTOR_KINDS)[number];

export const AUDIT_RESULTS = ['success', 'refused', 'failed'] as const;
export type AuditResult = (typeof AUDIT_RESULTS)[number];

/** Something that has to be provable later. Never holds the data itself. */
export interface AuditEvent {
  readonly tenantId: string;
  readonly actor: { readonly kind: ActorKind; readonly id: string };
  readonly sessionId?: string | null;
  readonly keyId?: string | null;
  /** `<object>.<verb>`: `user.create`, `api_key.revoke`, `patient.read`. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id?: string | null };
  /** Whose data it was, as the patient is known outside; stored as a keyed hash only. */
  readonly patientId?: string | null;
  /** What the caller gave as X-Access-Reason. */
  readonly reason?: string | null;
  readonly result: AuditResult;
  /** HTTP status of the answer. */
  readonly status?: number | null;
  readonly address?: string | null;
  readonly userAgent?: string | null;
  readonly requestId?: string | null;
}
