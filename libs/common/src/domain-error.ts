/**
 * Every way an operation can fail, as a caller sees it. Libraries throw these
 * and never an HTTP exception; the HTTP filter maps each code to a status and
 * the job runner maps it to "retry" or "give up". The compiler demands an
 * entry per code in both maps.
 */
export const ERROR_CODES = [
  'MALFORMED_REQUEST',
  'UNKNOWN_MODEL_VERSION',
  'UNAUTHENTICATED',
  'TOKEN_EXPIRED',
  'TOKEN_REVOKED',
  'FORBIDDEN',
  'ORIGIN_NOT_ALLOWED',
  'ACCESS_REASON_REQUIRED',
  'NOT_FOUND',
  'METHOD_NOT_ALLOWED',
  'MODEL_NOT_FOUND',
  'CONFLICT',
  'JOB_ALREADY_FINISHED',
  'IDEMPOTENCY_KEY_IN_USE',
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'VALIDATION_ERROR',
  'BATCH_TOO_LARGE',
  'TEXT_TOO_LONG',
  'ENTITY_NOT_FOUND',
  'IDEMPOTENCY_KEY_REUSED',
  'RATE_LIMIT_EXCEEDED',
  'QUOTA_EXCEEDED',
  'CLIENT_CLOSED_REQUEST',
  'INFERENCE_ERROR',
  'INTERNAL_ERROR',
  'MODEL_NOT_READY',
  'OVERLOADED',
  'SERVICE_UNAVAILABLE',
  'INFERENCE_TIMEOUT',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** One thing wrong with one field of a request. */
export interface FieldError {
  /** Where, as a caller would write it: `sentences[3].entity.start`. */
  readonly field: string;
  /** What is wrong and what to change. Never contains the value. */
  readonly message: string;
  /** A stable, machine-readable name of the rule: `required`, `too_long`. */
  readonly code: string;
}

export interface DomainErrorOptions {
  /** Seconds after which a retry may succeed; becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
  readonly fields?: readonly FieldError[];
  /** Further facts for the caller, free of patient data. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

/** A failure with a meaning for the caller. `message` is shown to them. */
export class DomainError extends Error {
  readonly retryAfterSeconds?: number;
  readonly fields?: readonly FieldError[];
  readonly details?: Readonly<Record<string, unknown>>;

  constructor(
    readonly code: ErrorCode,
    message: string,
    options: DomainErrorOptions = {},
  ) {
    // Most of them tell a caller something and are made by the thousand under
    // overload: where they were made matters less than what a stack costs.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(message, { cause: options.cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.name = 'DomainError';
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.fields = options.fields;
    this.details = options.details;
  }

  /** The same failure in the caller's terms: `rename` turns `entity.start` into `sentences[3].entity.start`. */
  withFieldNames(rename: (field: string) => string): DomainError {
    return new DomainError(this.code, this.message, {
      retryAfterSeconds: this.retryAfterSeconds,
      fields: this.fields?.map((field) => ({ ...field, field: rename(field.field) })),
      details: this.details,
      cause: this.cause,
    });
  }
}

/** A single wrong field, answered as 422 VALIDATION_ERROR unless told otherwise. */
export function invalidField(
  field: string,
  code: string,
  message: string,
  errorCode: ErrorCode = 'VALIDATION_ERROR',
): DomainError {
  return new DomainError(errorCode, message, { fields: [{ field, message, code }] });
}
