import { invalidField } from '@app/common';

/** A day, or a time with its offset from UTC. */
const TIME = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d))?$/;
/** The years that both ISO 8601's four digits and Postgres have. */
const FIRST_MS = Date.parse('0001-01-01T00:00:00Z');
const LAST_MS = Date.parse('9999-12-31T23:59:59.999Z');

/**
 * A time as callers give it; undefined when it is not given.
 * @throws DomainError VALIDATION_ERROR naming the field
 */
export function toTime(given: unknown, name: string): Date | undefined {
  if (given === undefined) return undefined;
  const ms = typeof given === 'string' && TIME.test(given) ? Date.parse(given) : NaN;
  if (ms >= FIRST_MS && ms <= LAST_MS) return new Date(ms);
  throw invalidField(
    name,
    'malformed',
    `${name} must be a time such as 2026-01-31T10:00:00Z or 2026-01-31; in a query write + as %2B.`,
  );
}
