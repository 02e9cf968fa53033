import { index, pgTable, text, timestamp, uuid } from 'drizzle-orm/pg-core';

const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** A URL that a tenant wants told of events. */
export const webhookEndpoints = pgTable(
  'webhook_endpoints',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** Encrypted envelope: URLs may hold secrets. */
    url: text('url').notNull(),
    topics: text('topics').array().notNull(),
    description: text('description').notNull(),
    /** No deliveries while set: by its owner, or because it answered 410. */
    disabledAt: time('disabled_at'),
    disabledReason: text('disabled_reason'),
    createdBy: text('created_by').notNull(),
    createdAt: time('created_at').notNull(),
  },
  (table) => [index('webhook_endpoints_tenant').on(table.tenantId, table.createdAt)],
);

/** What a tenant's webhooks are signed with; during a rotation, two. */
export const webhookSecrets = pgTable(
  'webhook_secrets',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    /** Encrypted envelope of the `whsec_…` text. */
    secret: text('secret').notNull(),
    createdAt: time('created_at').notNull(),
    /** When the replaced one stops signing; null for the present one. */
    expiresAt: time('expires_at'),
  },
  (table) => [index('webhook_secrets_tenant').on(table.tenantId, table.createdAt)],
);
