import { index, integer, jsonb, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Something that has to reach somebody outside: a webhook event or a mail. */
export const deliveries = pgTable(
  'deliveries',
  {
    /** A webhook's `webhook-id`: the same for every attempt and replay. */
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** `webhook` or `email`. */
    kind: text('kind').notNull(),
    /** `job.completed`, `drift.alert`, … */
    topic: text('topic').notNull(),
    /** What it is about, as a job's id. */
    subjectId: text('subject_id'),
    /** The tenant's endpoint; null for a job's own callback URL and for mail. */
    endpointId: uuid('endpoint_id'),
    /** Encrypted envelope of the URL or the address; null when the endpoint has it. */
    destination: text('destination'),
    /** What is sent: ids, counts and times; no patient data. */
    payload: jsonb('payload').notNull(),
    /** `pending`, `delivered`, `failed` or `cancelled`. */
    state: text('state').notNull(),
    attempts: integer('attempts').notNull().default(0),
    /** Null unless pending. */
    nextAttemptAt: time('next_attempt_at'),
    lastStatus: integer('last_status'),
    /** Our own words; nothing of what the receiver answered. */
    lastError: text('last_error'),
    createdAt: time('created_at').notNull(),
    deliveredAt: time('delivered_at'),
  },
  (table) => [
    index('deliveries_due').on(table.state, table.nextAttemptAt),
    index('deliveries_tenant').on(table.tenantId, table.createdAt, table.id),
    index('deliveries_subject').on(table.subjectId),
  ],
);

/** The log of a delivery's attempts. */
export const deliveryAttempts = pgTable(
  'delivery_attempts',
  {
    id: uuid('id').primaryKey(),
    deliveryId: uuid('delivery_id')
      .notNull()
      .references(() => deliveries.id, { onDelete: 'cascade' }),
    at: time('at').notNull(),
    durationMs: integer('duration_ms').notNull(),
    /** HTTP status; null when there was no answer, and for mail. */
    status: integer('status'),
    /** Null when it was delivered. */
    error: text('error'),
  },
  (table) => [index('delivery_attempts_delivery').on(table.deliveryId, table.at)],
);
