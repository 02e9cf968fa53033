import type { ErrorCode } from '@app/common';

/**
 * What an error that meets a whole group of items means for their job:
 * `retry` passes by itself, `elsewhere` is for another worker to do, `job` ends the
 * job, `slice` is nobody's doing and counts as a failed attempt. Errors of single
 * items are their results.
 */
export type ErrorFate = 'retry' | 'elsewhere' | 'job' | 'slice';

export const ERROR_FATES: Readonly<Record<ErrorCode, ErrorFate>> = {
  MALFORMED_REQUEST: 'slice',
  UNKNOWN_MODEL_VERSION: 'elsewhere',
  UNAUTHENTICATED: 'slice',
  TOKEN_EXPIRED: 'slice',
  TOKEN_REVOKED: 'slice',
  FORBIDDEN: 'slice',
  ORIGIN_NOT_ALLOWED: 'slice',
  ACCESS_REASON_REQUIRED: 'slice',
  NOT_FOUND: 'job',
  METHOD_NOT_ALLOWED: 'slice',
  MODEL_NOT_FOUND: 'elsewhere',
  CONFLICT: 'slice',
  JOB_ALREADY_FINISHED: 'slice',
  IDEMPOTENCY_KEY_IN_USE: 'slice',
  PAYLOAD_TOO_LARGE: 'slice',
  UNSUPPORTED_MEDIA_TYPE: 'slice',
  VALIDATION_ERROR: 'slice',
  BATCH_TOO_LARGE: 'slice',
  TEXT_TOO_LONG: 'slice',
  ENTITY_NOT_FOUND: 'slice',
  IDEMPOTENCY_KEY_REUSED: 'slice',
  RATE_LIMIT_EXCEEDED: 'retry',
  QUOTA_EXCEEDED: 'retry',
  CLIENT_CLOSED_REQUEST: 'retry',
  INFERENCE_ERROR: 'slice',
  INTERNAL_ERROR: 'slice',
  MODEL_NOT_READY: 'elsewhere',
  OVERLOADED: 'retry',
  SERVICE_UNAVAILABLE: 'retry',
  INFERENCE_TIMEOUT: 'job',
};
