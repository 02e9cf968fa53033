import { HttpException } from '@nestjs/common';
import { DomainError } from '@app/common';
import type { ErrorCode } from '@app/common';
import { UnroutableUrl } from '../adapter/lean-express.adapter.js';

/** Failures that frameworks report by status alone, in our own words. */
const BY_STATUS: Readonly<Record<number, readonly [code: ErrorCode, detail: string]>> = {
  400: [
    'MALFORMED_REQUEST',
    'The request could not be understood. Check its path, headers and body.',
  ],
  401: ['UNAUTHENTICATED', 'A valid key is needed. Send it in X-API-Key or Authorization: Bearer.'],
  403: ['FORBIDDEN', 'The caller may not do this. Use a key with the permission it needs.'],
  404: ['NOT_FOUND', 'There is nothing at this address. Check the path against /openapi.json.'],
  405: [
    'METHOD_NOT_ALLOWED',
    'This path does not offer that method. The Allow header lists those it does.',
  ],
  409: [
    'CONFLICT',
    'The request conflicts with the present state. Read the state again and retry.',
  ],
  413: ['PAYLOAD_TOO_LARGE', 'The body is too large. Send less at a time.'],
  415: [
    'UNSUPPORTED_MEDIA_TYPE',
    'The body has a type this route does not read. See /openapi.json.',
  ],
  422: [
    'VALIDATION_ERROR',
    'The request was readable but not valid. See /openapi.json for its form.',
  ],
  503: ['SERVICE_UNAVAILABLE', 'The service cannot answer now. Try again shortly.'],
  504: [
    'INFERENCE_TIMEOUT',
    'The answer did not come in time. Try again, or raise X-Request-Timeout-Ms.',
  ],
};
const OTHER_CLIENT_FAULT = BY_STATUS[400];

/** Whatever was thrown, as one of our failures. What it does not know becomes INTERNAL_ERROR with a fixed text. */
export function toDomainError(error: unknown): DomainError {
  if (error instanceof DomainError) return error;
  if (error instanceof URIError || error instanceof UnroutableUrl) {
    return new DomainError(
      'MALFORMED_REQUEST',
      'The URL cannot be decoded. Percent-encode its path as UTF-8.',
      { cause: error },
    );
  }
  const status = statusOf(error);
  const known =
    status === undefined
      ? undefined
      : (BY_STATUS[status] ?? (status >= 400 && status < 500 ? OTHER_CLIENT_FAULT : undefined));
  if (known !== undefined) return new DomainError(known[0], known[1], { cause: error });
  return new DomainError(
    'INTERNAL_ERROR',
    'Something failed inside the service. It has been logged; quote request_id when you report it.',
    { cause: error },
  );
}

/** The status of Nest's HttpException, or of the errors Express and its parts throw. */
function statusOf(error: unknown): number | undefined {
  if (error instanceof HttpException) return error.getStatus();
  if (error instanceof Error && 'status' in error && 'expose' in error) {
    return typeof error.status === 'number' && error.expose === true ? error.status : undefined;
  }
  return undefined;
}
