import { Catch } from '@nestjs/common';
import type { ArgumentsHost, ExceptionFilter } from '@nestjs/common';
import { DomainError } from '@app/common';
import type { ErrorCode } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import { barePath } from '../adapter/lean-express.adapter.js';
import { lingeringEnd } from '../adapter/lingering-end.js';
import { instancePath } from '../hardening/instance-path.js';
import { PROBLEMS, problemType } from './problem-table.js';
import { toDomainError } from './to-domain-error.js';

/** A failure worth a line in the log. Never holds a body, a query or a header. */
export interface FailureRecord {
  readonly level: 'error' | 'info';
  readonly code: ErrorCode;
  readonly status: number;
  readonly method: string;
  readonly route: string;
  readonly requestId: string;
  readonly traceId: string;
  /** What was thrown, when it was not expected. */
  readonly error?: unknown;
}

export interface ProblemFilterOptions {
  readonly log: (record: FailureRecord) => void;
  /** The methods that routes offer for a path, to tell 405 from 404. */
  readonly allowedMethods: (path: string) => string[];
}

// Set for the answer that failed, not for the one that says so.
const STALE_HEADERS = [
  'Cache-Control',
  'Content-Disposition',
  'Content-Encoding',
  'Content-Length',
  'Content-Type',
  'ETag',
  'Last-Modified',
];

/** The only exception filter: answers every failure as RFC 9457 `application/problem+json`. */
@Catch()
export class ProblemFilter implements ExceptionFilter {
  constructor(private readonly options: ProblemFilterOptions) {}

  catch(error: unknown, host: ArgumentsHost): void {
    this.answer(error, host.getArgByIndex<EdgeRequest>(0), host.getArgByIndex<EdgeResponse>(1));
  }

  /** Also for failures outside of any Nest route. */
  answer(thrown: unknown, request: EdgeRequest, response: EdgeResponse): void {
    let error = toDomainError(thrown);
    if (request.scope.clientGone || error.code === 'CLIENT_CLOSED_REQUEST') {
      this.record('info', 'CLIENT_CLOSED_REQUEST', request, undefined);
      if (!response.destroyed) response.destroy();
      return;
    }
    if (error.code === 'NOT_FOUND' && request.route === undefined) {
      const allowed = this.options.allowedMethods(barePath(request));
      if (allowed.length > 0) {
        response.setHeader('Allow', allowed.join(', '));
        error = new DomainError(
          'METHOD_NOT_ALLOWED',
          `This path does not offer that method. Use ${allowed.join(' or ')}.`,
        );
      }
    }
    const { status } = PROBLEMS[error.code];
    if (status === 500) this.record('error', error.code, request, error.cause ?? error);
    if (response.headersSent) {
      // The rest of the answer is lost; cutting it off is the only way left to say so.
      response.destroy();
      return;
    }
    this.write(error, request, response);
  }

  private write(error: DomainError, request: EdgeRequest, response: EdgeResponse): void {
    const { status, title } = PROBLEMS[error.code];
    const scope = request.scope;
    for (const name of STALE_HEADERS) response.removeHeader(name);
    if (status === 401 && !response.hasHeader('WWW-Authenticate')) {
      response.setHeader('WWW-Authenticate', 'Bearer realm="clinserve"');
    }
    if (status === 429 || status === 503) {
      response.setHeader('Retry-After', Math.max(1, Math.ceil(error.retryAfterSeconds ?? 1)));
    }
    const text = JSON.stringify({
      type: problemType(error.code),
      title,
      status,
      detail: error.message,
      instance: instancePath(request.originalUrl ?? request.url ?? '/'),
      error: title,
      error_code: error.code,
      request_id: scope.requestId,
      trace_id: scope.traceId,
      timestamp: new Date().toISOString(),
      details: error.details,
      errors: error.fields,
    });
    response.statusCode = status;
    response.setHeader('Content-Type', 'application/problem+json; charset=utf-8');
    response.setHeader('Content-Length', Buffer.byteLength(text));
    // What nobody will read is not worth receiving in full.
    const unread = response.scope.leftBody && !request.complete;
    if (unread) response.setHeader('Connection', 'close');
    if (unread || status === 413) lingeringEnd(request, response, text);
    else response.end(text);
  }

  private record(
    level: FailureRecord['level'],
    code: ErrorCode,
    request: EdgeRequest,
    error: unknown,
  ): void {
    this.options.log({
      level,
      code,
      status: PROBLEMS[code].status,
      method: request.method ?? '',
      route: request.route?.path ?? 'unmatched',
      requestId: request.scope.requestId,
      traceId: request.scope.traceId,
      error,
    });
  }
}
