import { DomainError } from '@app/common';
import type { Priority, RequestContext } from '@app/common';
import type { RequestSpan, RequestTracer } from '@app/observability';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import { RequestScope } from './request-scope.js';

/** One answered (or abandoned) request, as metrics see it. */
export interface FinishedRequest {
  readonly method: string;
  /** The pattern that matched (`/models/:name`), or `unmatched`: never the URL, so that labels stay few. */
  readonly route: string;
  /** The status sent; 499 when the client went away first. */
  readonly status: number;
  readonly seconds: number;
  /** Null when nobody was let in. */
  readonly tenantId: string | null;
}

export interface RequestScopeOptions {
  /** How long a request may take when it does not say. Default 30,000 ms. */
  readonly defaultTimeoutMs?: number;
  /** The most that `X-Request-Timeout-Ms` may ask for. Default 300,000 ms. */
  readonly maxTimeoutMs?: number;
  /** Told of every request once its answer is out or its client has gone. Must not throw. */
  readonly onFinish?: (request: FinishedRequest) => void;
  /** Makes a span of every request; null, the default, for none. */
  readonly tracer?: RequestTracer | null;
}

/** Notes a prediction's waiting and running time on its answer: `timing(res).set({queueMs, runMs})`. */
export function timing(response: EdgeResponse): RequestScope {
  return response.scope;
}

export function requestContext(request: EdgeRequest): RequestContext {
  return request.scope.context;
}

/** The first thing to see a request: gives it its scope, its bare path, deadline and priority. */
export class RequestOpener {
  private readonly defaultTimeoutMs: number;
  private readonly maxTimeoutMs: number;
  private readonly tracer: RequestTracer | null;
  private readonly onClose: (this: EdgeResponse) => void;

  constructor(options: RequestScopeOptions) {
    this.defaultTimeoutMs = options.defaultTimeoutMs ?? 30_000;
    this.maxTimeoutMs = options.maxTimeoutMs ?? 300_000;
    this.tracer = options.tracer ?? null;
    const onFinish = options.onFinish;
    this.onClose = function (this: EdgeResponse): void {
      if (!this.writableFinished) this.scope.abandon();
      this.scope.allowance?.release();
      if (this.scope.span !== null) endSpan(this, this.scope.span);
      if (onFinish !== undefined) {
        onFinish({
          method: this.req.method ?? '',
          route: this.req.route?.path ?? 'unmatched',
          status: this.scope.clientGone ? 499 : this.statusCode,
          seconds: (performance.now() - this.scope.startedAt) / 1000,
          tenantId: this.scope.principal?.tenantId ?? null,
        });
      }
    };
  }

  /** Throws DomainError MALFORMED_REQUEST when a control header makes no sense. */
  open(request: EdgeRequest, response: EdgeResponse, awaitsContinue: boolean): void {
    const scope = new RequestScope(request, response, this.defaultTimeoutMs);
    request.scope = scope;
    request.res = response;
    response.scope = scope;
    scope.awaitsContinue = awaitsContinue;
    response.on('close', this.onClose);
    if (response.socket === null) closeWithConnection(request, response);
    if (this.tracer !== null) {
      const { method = '', headers } = request;
      scope.span = this.tracer.start(method, scope.startedAt, headers['traceparent']);
    }
    stripPrefix(request, scope);

    const { 'x-request-timeout-ms': timeout, 'x-priority': priority } = request.headers;
    if (timeout !== undefined) scope.timeoutMs = this.readTimeout(timeout);
    if (priority !== undefined) scope.priority = readPriority(priority);
  }

  private readTimeout(value: string | string[]): number {
    const ms = typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : 0;
    if (ms < 1 || ms > this.maxTimeoutMs) {
      throw new DomainError(
        'MALFORMED_REQUEST',
        `X-Request-Timeout-Ms must be a whole number of milliseconds from 1 to ${this.maxTimeoutMs}; correct it or leave it out.`,
      );
    }
    return ms;
  }
}

/**
 * Closes a response that waits for its turn behind others on its connection when the connection
 * ends before: Node closes only the response that has the socket.
 */
function closeWithConnection({ socket }: EdgeRequest, response: EdgeResponse): void {
  const close = () => response.destroy().emit('close');
  // Node takes more than ten listeners for a leak; these are as many as the client has sent ahead.
  socket.setMaxListeners(0);
  socket.once('close', close);
  response.once('socket', () => socket.off('close', close));
}

function endSpan({ req, scope, statusCode }: EdgeResponse, span: RequestSpan): void {
  span.end({
    route: req.route?.path ?? 'unmatched',
    status: scope.clientGone ? 499 : statusCode,
    requestId: scope.requestId,
    tenantId: scope.principal?.tenantId ?? null,
  });
}

function readPriority(value: string | string[]): Priority {
  if (value === 'interactive' || value === 'bulk') return value;
  throw new DomainError(
    'MALFORMED_REQUEST',
    'X-Priority must be "interactive" or "bulk"; correct it or leave it out.',
  );
}

const PREFIXES = ['/v1', '/api/v1'] as const;

function stripPrefix(request: EdgeRequest, scope: RequestScope): void {
  let url = request.url ?? '/';
  if (!url.startsWith('/')) {
    // Proxies may send the absolute form, which routes do not expect.
    const authority = /^https?:\/\/[^/?#]*/i.exec(url);
    if (authority === null) return;
    url = url.slice(authority[0].length);
    if (!url.startsWith('/')) url = `/${url}`;
    request.url = url;
  }
  for (const prefix of PREFIXES) {
    if (!url.startsWith(prefix)) continue;
    const next = url.charAt(prefix.length);
    if (next !== '' && next !== '/' && next !== '?') continue;
    const rest = url.slice(prefix.length);
    request.originalUrl = url;
    request.url = next === '/' ? rest : `/${rest}`;
    scope.prefix = prefix;
    return;
  }
}
