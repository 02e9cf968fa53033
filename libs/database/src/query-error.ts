/**
 * A statement that the database refused. Holds names of the schema and never a
 * value: neither parameters nor Postgres's DETAIL, which quotes the row.
 */
export class QueryError extends Error {
  override name = 'QueryError';

  constructor(
    message: string,
    /** Five characters, see Postgres's appendix A: `23505` is a unique violation. */
    readonly sqlState: string,
    readonly constraint?: string,
    readonly table?: string,
    readonly column?: string,
  ) {
    super(message);
  }
}

/** Whether a row with such a key was there already; of one constraint or of any. */
export function isUniqueViolation(error: unknown, constraint?: string): error is QueryError {
  return (
    error instanceof QueryError &&
    error.sqlState === '23505' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** Whether a row refers to one that is not there, or is still referred to. */
export function isForeignKeyViolation(error: unknown, constraint?: string): error is QueryError {
  return (
    error instanceof QueryError &&
    error.sqlState === '23503' &&
    (constraint === undefined || error.constraint === constraint)
  );
}

/** Whether the same transaction may succeed when it is run again: another one was in its way. */
export function isTransactionConflict(error: unknown): error is QueryError {
  return error instanceof QueryError && (error.sqlState === '40001' || error.sqlState === '40P01');
}
