import { bigserial, index, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

/** Short messages between processes: ids only, kept for some minutes. */
export const signals = pgTable(
  'signals',
  {
    seq: bigserial('seq', { mode: 'number' }).primaryKey(),
    /** `auth.revoked`, `job.cancel`, … */
    topic: text('topic').notNull(),
    /** Id of what the message is about. */
    subject: text('subject').notNull(),
    at: timestamp('at', { withTimezone: true, precision: 3 }).notNull().defaultNow(),
  },
  (table) => [index('signals_at').on(table.at)],
);
