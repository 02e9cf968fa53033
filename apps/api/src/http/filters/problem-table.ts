import type { ErrorCode } from '@app/common';

export interface ProblemKind {
  readonly status: number;
  readonly title: string;
}

/** What each failure looks like over HTTP. The compiler demands an entry for every code. */
export const PROBLEMS: Readonly<Record<ErrorCode, ProblemKind>> = {
  MALFORMED_REQUEST: { status: 400, title: 'Malformed request' },
  UNKNOWN_MODEL_VERSION: { status: 400, title: 'Unknown model version' },
  UNAUTHENTICATED: { status: 401, title: 'Not authenticated' },
  TOKEN_EXPIRED: { status: 401, title: 'Token expired' },
  TOKEN_REVOKED: { status: 401, title: 'Token revoked' },
  FORBIDDEN: { status: 403, title: 'Not allowed' },
  ORIGIN_NOT_ALLOWED: { status: 403, title: 'Origin not allowed' },
  ACCESS_REASON_REQUIRED: { status: 403, title: 'Access reason required' },
  NOT_FOUND: { status: 404, title: 'Not found' },
  METHOD_NOT_ALLOWED: { status: 405, title: 'Method not allowed' },
  MODEL_NOT_FOUND: { status: 404, title: 'Model not found' },
  CONFLICT: { status: 409, title: 'Conflict' },
  JOB_ALREADY_FINISHED: { status: 409, title: 'Job already finished' },
  IDEMPOTENCY_KEY_IN_USE: { status: 409, title: 'Idempotency key in use' },
  PAYLOAD_TOO_LARGE: { status: 413, title: 'Payload too large' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, title: 'Unsupported media type' },
  VALIDATION_ERROR: { status: 422, title: 'Validation failed' },
  BATCH_TOO_LARGE: { status: 422, title: 'Batch too large' },
  TEXT_TOO_LONG: { status: 422, title: 'Text too long' },
  ENTITY_NOT_FOUND: { status: 422, title: 'Entity not found' },
  IDEMPOTENCY_KEY_REUSED: { status: 422, title: 'Idempotency key reused' },
  RATE_LIMIT_EXCEEDED: { status: 429, title: 'Rate limit exceeded' },
  QUOTA_EXCEEDED: { status: 429, title: 'Quota exceeded' },
  CLIENT_CLOSED_REQUEST: { status: 499, title: 'Client closed request' },
  INFERENCE_ERROR: { status: 500, title: 'Inference failed' },
  INTERNAL_ERROR: { status: 500, title: 'Internal error' },
  MODEL_NOT_READY: { status: 503, title: 'Model not ready' },
  OVERLOADED: { status: 503, title: 'Overloaded' },
  SERVICE_UNAVAILABLE: { status: 503, title: 'Service unavailable' },
  INFERENCE_TIMEOUT: { status: 504, title: 'Inference timed out' },
};

/** The `type` of a problem: a path under /errors/. */
export function problemType(code: ErrorCode): string {
  return `/errors/${code.toLowerCase().replaceAll('_', '-')}`;
}
