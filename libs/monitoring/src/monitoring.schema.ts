import {
  bigint,
  customType,
  doublePrecision,
  index,
  integer,
  pgTable,
  primaryKey,
  real,
  text,
  timestamp,
  uuid,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** One row a prediction, without its text unless the operator asks for that. */
export const predictionLog = pgTable(
  'prediction_log',
  {
    /** The `prediction_id` of the answer. */
    id: uuid('id').primaryKey(),
    at: time('at').notNull(),
    tenantId: text('tenant_id').notNull(),
    principalId: text('principal_id').notNull(),
    requestId: text('request_id').notNull(),
    model: text('model').notNull(),
    version: text('version').notNull(),
    task: text('task').notNull(),
    label: text('label'),
    score: real('score'),
    /** Length in tokens. */
    tokens: integer('tokens').notNull(),
    /** Share of the tokens that the vocabulary does not know, 0–1. */
    unknownShare: real('unknown_share'),
    queueMs: real('queue_ms').notNull(),
    runMs: real('run_ms').notNull(),
    /** HMAC-SHA-256 of the text. */
    textHash: bytea('text_hash'),
    /** Encrypted envelope (@app/encryption), when text storage is on. */
    text: text('text'),
  },
  (table) => [
    index('prediction_log_model').on(table.tenantId, table.model, table.at),
    index('prediction_log_at').on(table.at),
  ],
);

/** Requests of one minute by tenant, route and status. */
export const apiMetrics = pgTable(
  'api_metrics',
  {
    minute: time('minute').notNull(),
    /** The process that counted, another after every start: what they counted adds up. */
    instance: text('instance').notNull(),
    /** Empty for requests that were not let in. */
    tenantId: text('tenant_id').notNull(),
    method: text('method').notNull(),
    route: text('route').notNull(),
    status: integer('status').notNull(),
    requests: bigint('requests', { mode: 'number' }).notNull(),
    totalMs: doublePrecision('total_ms').notNull(),
    maxMs: doublePrecision('max_ms').notNull(),
    /** Requests by duration, in the steps of duration-steps.ts. */
    durations: integer('durations').array().notNull(),
  },
  (table) => [
    primaryKey({
      columns: [
        table.minute,
        table.instance,
        table.tenantId,
        table.method,
        table.route,
        table.status,
      ],
    }),
  ],
);
