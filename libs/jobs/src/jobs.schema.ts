import { sql } from 'drizzle-orm';
import {
  bigint,
  bigserial,
  customType,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  unique,
  uuid,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** A caller's batch of predictions. What may hold patient data is an encrypted envelope. */
export const jobs = pgTable(
  'jobs',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    principalId: text('principal_id').notNull(),
    tier: text('tier').notNull(),
    requestId: text('request_id').notNull(),
    /** `pending`, `processing`, `completed`, `failed` or `cancelled`. */
    status: text('status').notNull(),
    /** Name and version are settled when the job is accepted. */
    model: text('model').notNull(),
    modelVersion: text('model_version').notNull(),
    /** PredictOptions; no patient data. */
    options: jsonb('options').notNull(),
    /** Null when the inputs came with the request. */
    inputFileId: uuid('input_file_id'),
    total: integer('total').notNull(),
    /** Items with a stored result; those that failed by themselves included. */
    done: integer('done').notNull().default(0),
    failed: integer('failed').notNull().default(0),
    /** Encrypted envelope of the URL that is told of events; it may hold secrets. */
    callbackUrl: text('callback_url'),
    callbackEvents: text('callback_events').array().notNull(),
    /** Encrypted envelope of the address that is told of the end. */
    notifyEmail: text('notify_email'),
    /** Encrypted envelope of the caller's own JSON object. */
    metadata: text('metadata'),
    /** Code and message of what ended a failed job; no patient data. */
    error: jsonb('error'),
    createdAt: time('created_at').notNull(),
    startedAt: time('started_at'),
    completedAt: time('completed_at'),
    /** When it was last taken up after it had failed: since then, not all of its items were computed. */
    retriedAt: time('retried_at'),
    /** Unfinished then, the job fails. */
    deadlineAt: time('deadline_at').notNull(),
    /** When a finished job's input and results are removed. */
    expiresAt: time('expires_at'),
    /** Set when they have been. */
    purgedAt: time('purged_at'),
  },
  (table) => [
    index('jobs_tenant').on(table.tenantId, table.createdAt, table.id),
    index('jobs_status').on(table.status, table.createdAt),
    index('jobs_expires').on(table.expiresAt),
    /** The few whose time can come: most of those that have expired were purged. */
    index('jobs_unpurged_expires')
      .on(table.expiresAt)
      .where(sql`purged_at is null`),
    /** Whose file it still is. */
    index('jobs_unpurged_input_file')
      .on(table.inputFileId)
      .where(sql`purged_at is null`),
    /** Of what a model version's rate is measured on. */
    index('jobs_measured')
      .on(table.model, table.modelVersion, table.completedAt)
      .where(sql`status = 'completed' and retried_at is null and total >= 1000`),
  ],
);

/** Five to ten seconds of a job's work: its items `first_item` to `first_item + items - 1`. */
export const jobSlices = pgTable(
  'job_slices',
  {
    id: uuid('id').primaryKey(),
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** 0-based. */
    firstItem: integer('first_item').notNull(),
    items: integer('items').notNull(),
    /** `waiting` for its tenant's turn, `admitted` to the queue, `done`, or `stopped` with its failed job. */
    state: text('state').notNull(),
    /** Where the rows stand in the input file, in bytes; null when the inputs came with the request. */
    byteStart: bigint('byte_start', { mode: 'number' }),
    byteEnd: bigint('byte_end', { mode: 'number' }),
    /** Encrypted envelope of the inputs as a JSON array when they came with the request. */
    inputs: text('inputs'),
    /** How often it was begun; one that keeps ending its worker is split. */
    attempts: integer('attempts').notNull().default(0),
    admittedAt: time('admitted_at'),
    /** It came back from a worker and is not admitted again before; null unless it waits for that. */
    notBefore: time('not_before'),
    /** The worker that is at it, and when it last said so. */
    workerId: text('worker_id'),
    heartbeatAt: time('heartbeat_at'),
    /** Items computed so far by the present attempt: for progress only. */
    computed: integer('computed').notNull().default(0),
  },
  (table) => [
    unique('job_slices_first_item').on(table.jobId, table.firstItem),
    index('job_slices_state').on(table.state, table.admittedAt),
    /** The few that came back. */
    index('job_slices_not_before')
      .on(table.notBefore)
      .where(sql`not_before is not null`),
  ],
);

/** Results of a slice, one row each: they become visible all at once, and once only. */
export const jobResults = pgTable(
  'job_results',
  {
    id: uuid('id').primaryKey(),
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    firstItem: integer('first_item').notNull(),
    items: integer('items').notNull(),
    /** Encrypted envelope of one JSON line an item, in the order of the items. */
    lines: text('lines').notNull(),
  },
  (table) => [unique('job_results_first_item').on(table.jobId, table.firstItem)],
);

/** What streams of events tell, in the order of `seq`. */
export const jobEvents = pgTable(
  'job_events',
  {
    seq: bigserial('seq', { mode: 'number' }).primaryKey(),
    jobId: uuid('job_id')
      .notNull()
      .references(() => jobs.id, { onDelete: 'cascade' }),
    /** `queued`, `progress`, `completed`, `failed` or `cancelled`. */
    type: text('type').notNull(),
    /** Counts and times; no patient data. */
    data: jsonb('data').notNull(),
    at: time('at').notNull(),
  },
  (table) => [index('job_events_job').on(table.jobId, table.seq)],
);

/** Answers to repeated submissions under the same `Idempotency-Key`. */
export const jobIdempotency = pgTable(
  'job_idempotency',
  {
    tenantId: text('tenant_id').notNull(),
    /** Keyed hash of the caller's key. */
    keyHash: bytea('key_hash').notNull(),
    /** Keyed hash of the request's body. */
    bodyHash: bytea('body_hash').notNull(),
    /** Null while the first submission is being accepted. */
    jobId: uuid('job_id'),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.tenantId, table.keyHash] }),
    index('job_idempotency_expires').on(table.expiresAt),
  ],
);

/** How much of the workers each tenant has had: who has had least by weight comes next. */
export const jobShares = pgTable('job_shares', {
  tenantId: text('tenant_id').primaryKey(),
  /** Admitted items divided by the tenant's weight. */
  served: doublePrecision('served').notNull(),
});

/** Processes that run slices. */
export const jobWorkers = pgTable('job_workers', {
  id: text('id').primaryKey(),
  /** Slices it works on at once. */
  slots: integer('slots').notNull(),
  /** Model versions it serves, as `name@version`; null of a release that did not say so. */
  models: text('models').array(),
  startedAt: time('started_at').notNull(),
  seenAt: time('seen_at').notNull(),
});

/** Uploaded inputs. The bytes lie in the file store, encrypted with a key of their own. */
export const files = pgTable(
  'files',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id').notNull(),
    principalId: text('principal_id').notNull(),
    /** `jsonl` or `csv`. */
    format: text('format').notNull(),
    /** Bytes as uploaded. */
    size: bigint('size', { mode: 'number' }).notNull(),
    /** Of the bytes as uploaded. */
    sha256: bytea('sha256').notNull(),
    /** Rows that hold an input: without blank lines and a CSV's heading. */
    rows: integer('rows').notNull(),
    /** A CSV's column names; null for JSONL. */
    columns: text('columns').array(),
    /** Where in the file, in bytes, row 0 and every `row_step`-th row after it begin. */
    rowOffsets: bigint('row_offsets', { mode: 'number' }).array().notNull(),
    rowStep: integer('row_step').notNull(),
    /** Encrypted envelope of the key that the bytes are encrypted with, base64. */
    dataKey: text('data_key').notNull(),
    createdAt: time('created_at').notNull(),
    expiresAt: time('expires_at').notNull(),
  },
  (table) => [
    index('files_tenant').on(table.tenantId, table.createdAt),
    index('files_expires').on(table.expiresAt),
  ],
);
