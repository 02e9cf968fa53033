import { DomainError } from '@app/common';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import pg from 'pg';
import { QueryError } from './query-error.js';

/** An embedded server is back within this; a managed one's failover takes longer and asks again. */
const RETRY_AFTER_SECONDS = 2;

/**
 * Classes and codes that speak of the server rather than of the statement:
 * connections, resources, an operator's intervention, sign-in, a read-only
 * standby, a time limit.
 */
const UNAVAILABLE = /^(08|28|3D|53|58|57P|57014|25006|25P03|25P04)/;

/** Postgres quotes the offending value in the messages of this class, data exceptions. */
const QUOTES_VALUES = /^22/;

/** A text, or a JSON string that is to become one, with a NUL in it. */
const NOT_STORABLE = /^(22021|22P05)$/;

const NETWORK_FAILURES = /^E(CONN|PIPE|TIMEDOUT|HOST|NET|AI_|NOTFOUND|NOENT|ACCES)/;

/** The driver gives its own failures no code. */
const DRIVER_FAILURES =
  /^(Connection terminated|timeout exceeded when trying to connect|Query read timeout|Client has encountered a connection error|Client was closed|Cannot use a pool after calling end)/;

/**
 * What a failed statement means to a caller: SERVICE_UNAVAILABLE when the
 * database cannot be asked now, VALIDATION_ERROR when a value holds what no
 * text of it can hold, else a {@link QueryError}. Anything that did not come
 * from the database is returned as it is.
 */
export function translateError(error: unknown): unknown {
  // Drizzle's own error spells out the parameters, which may be a patient's words.
  const cause = error instanceof DrizzleQueryError ? error.cause : error;
  if (cause instanceof pg.DatabaseError) {
    const state = cause.code ?? 'XX000';
    if (UNAVAILABLE.test(state)) return unavailable(state);
    const refusal = refused(cause, state);
    return NOT_STORABLE.test(state) ? notStorable(refusal) : refusal;
  }
  if (!hasMessage(cause)) return cause;
  if (cause.code !== undefined && NETWORK_FAILURES.test(cause.code)) return unavailable(cause.code);
  return DRIVER_FAILURES.test(cause.message) ? unavailable(cause.message) : cause;
}

function hasMessage(value: unknown): value is { message: string; code?: string } {
  return typeof (value as Partial<Error> | null)?.message === 'string';
}

/** @param reason a code or the driver's words, for the log */
function unavailable(reason: string | undefined): DomainError {
  return new DomainError(
    'SERVICE_UNAVAILABLE',
    'The database cannot be reached at the moment. Try again shortly.',
    {
      retryAfterSeconds: RETRY_AFTER_SECONDS,
      cause: new Error(`database: ${reason ?? 'unknown'}`),
    },
  );
}

/** Callers hand in names and ids as they like; which of them it was, Postgres does not say. */
function notStorable(refusal: QueryError): DomainError {
  return new DomainError(
    'VALIDATION_ERROR',
    'A value of the request holds a character that cannot be stored, NUL (U+0000). Leave it out.',
    { cause: refusal },
  );
}

function refused(error: pg.DatabaseError, state: string): QueryError {
  const text = QUOTES_VALUES.test(state) ? 'a value does not fit its type' : error.message;
  return new QueryError(
    `Postgres refused a statement (${state}): ${text}`,
    state,
    error.constraint,
    error.table,
    error.column,
  );
}
