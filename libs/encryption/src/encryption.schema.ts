import { bigint, customType, integer, pgTable, text, timestamp } from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** Keys that encrypt fields, each itself encrypted with the operator's key. */
export const dataKeys = pgTable('data_keys', {
  version: integer('version').primaryKey(),
  /** The 256-bit key, wrapped. */
  wrapped: bytea('wrapped').notNull(),
  /** Which of the operator's keys wrapped it. */
  wrappedBy: text('wrapped_by').notNull(),
  /** Encrypts from then on; before, every instance gets to know it. */
  activeFrom: time('active_from').notNull().defaultNow(),
  /** How many values it has encrypted, as instances report every few seconds. */
  encryptions: bigint('encryptions', { mode: 'number' }).notNull().default(0),
  createdAt: time('created_at').notNull().defaultNow(),
  /** When no field needed it any more. It still reads what an old backup brings back. */
  retiredAt: time('retired_at'),
});

/** Secrets that other keys are derived from and that never change, wrapped like data keys. */
export const wrappedSecrets = pgTable('wrapped_secrets', {
  name: text('name').primaryKey(),
  wrapped: bytea('wrapped').notNull(),
  wrappedBy: text('wrapped_by').notNull(),
  createdAt: time('created_at').notNull().defaultNow(),
});
