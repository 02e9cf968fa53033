export const DELIVERY_KINDS = ['webhook', 'email'] as const;
export type DeliveryKind = (typeof DELIVERY_KINDS)[number];

export const DELIVERY_STATES = ['pending', 'delivered', 'failed', 'cancelled'] as const;
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** Something to be told outside, once the transaction that says so is through. */
export interface DeliveryIntent {
  readonly tenantId: string;
  readonly kind: DeliveryKind;
  /** `job.completed`, `drift.alert`, … */
  readonly topic: string;
  /** What it is about, as a job's id. */
  readonly subjectId?: string;
  /** The tenant's endpoint that is told. */
  readonly endpointId?: string;
  /** URL or address in plain text when there is no endpoint; stored encrypted. */
  readonly destination?: string;
  /** Ids, counts and times; no patient data. */
  readonly payload: Readonly<Record<string, unknown>>;
}
