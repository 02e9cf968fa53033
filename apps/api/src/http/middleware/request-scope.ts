import { randomBytes } from 'node:crypto';
import type { OutgoingMessage } from 'node:http';
import { DomainError, newRequestId } from '@app/common';
import type { Priority, RequestContext } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import type { Principal } from '../guards/principal.js';

/** One answered (or abandoned) request, as metrics see it. */
export interface FinishedRequest {
  readonly method: string;
  /** The pattern that matched (`/models/:name`), or `unmatched`: never the URL, so that labels stay few. */
  readonly route: string;
  /** The status sent; 499 when the client went away first. */
  readonly status: number;
  readonly seconds: number;
}

export interface RequestScopeOptions {
  /** How long a request may take when it does not say. Default 30,000 ms. */
  readonly defaultTimeoutMs?: number;
  /** The most that `X-Request-Timeout-Ms` may ask for. Default 300,000 ms. */
  readonly maxTimeoutMs?: number;
  /** Told of every request once its answer is out or its client has gone. Must not throw. */
  readonly onFinish?: (request: FinishedRequest) => void;
}

export type ApiPrefix = '' | '/v1' | '/api/v1';

const SANE_REQUEST_ID = /^[\w.:-]{1,128}$/;
const TRACE_PARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}/;
const NO_TRACE = '0'.repeat(32);
const UNSET = -1;

/** Everything the edge knows about one request; lives on both the request and the response. */
export class RequestScope {
  readonly requestId: string;
  /** On the `performance.now()` clock. */
  readonly startedAt = performance.now();
  prefix: ApiPrefix = '';
  priority: Priority = 'interactive';
  timeoutMs: number;
  principal: Principal | undefined = undefined;
  /** The client waits for `100 Continue` before it sends its body. */
  awaitsContinue = false;
  clientGone = false;
  private queueMs = UNSET;
  private runMs = UNSET;
  private trace: string | undefined = undefined;
  private aborter: AbortController | undefined = undefined;
  private made: RequestContext | undefined = undefined;

  constructor(
    private readonly request: EdgeRequest,
    defaultTimeoutMs: number,
  ) {
    const given = request.headers['x-request-id'];
    this.requestId =
      typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : newRequestId();
    this.timeoutMs = defaultTimeoutMs;
  }

  /** The caller's W3C trace id, else one made here; 32 hex digits. */
  get traceId(): string {
    if (this.trace === undefined) {
      const parent = this.request.headers['traceparent'];
      const given = typeof parent === 'string' ? TRACE_PARENT.exec(parent)?.[1] : undefined;
      this.trace =
        given !== undefined && given !== NO_TRACE ? given : randomBytes(16).toString('hex');
    }
    return this.trace;
  }

  /** Aborts when the client leaves before its answer is out. Made only when somebody asks: it costs. */
  get signal(): AbortSignal {
    if (this.aborter === undefined) {
      this.aborter = new AbortController();
      if (this.clientGone || this.request.socket.destroyed) this.aborter.abort();
      // A pipelined request waits without a socket of its own, and would not hear of its end.
      else if (this.request.res?.socket === null) {
        const aborter = this.aborter;
        this.request.socket.once('close', () => aborter.abort());
      }
    }
    return this.aborter.signal;
  }

  /** Who asks, for whom and until when, as libraries want it. Needs a principal. */
  get context(): RequestContext {
    return (this.made ??= new HttpRequestContext(this));
  }

  /** Milliseconds a prediction waited and ran, for `Server-Timing`. */
  set(timing: { readonly queueMs?: number; readonly runMs?: number }): void {
    if (timing.queueMs !== undefined) this.queueMs = timing.queueMs;
    if (timing.runMs !== undefined) this.runMs = timing.runMs;
  }

  /** Writes the headers that every answer carries; called as its head goes out. */
  stamp(response: OutgoingMessage): void {
    const elapsed = performance.now() - this.startedAt;
    response.setHeader('X-Request-ID', this.requestId);
    response.setHeader('X-Process-Time', `${Math.round(elapsed * 1000) / 1_000_000}`);
    let timing = '';
    if (this.queueMs !== UNSET) timing += `queue;dur=${rounded(this.queueMs)}, `;
    if (this.runMs !== UNSET) timing += `run;dur=${rounded(this.runMs)}, `;
    response.setHeader('Server-Timing', `${timing}total;dur=${rounded(elapsed)}`);
    response.setHeader('X-Content-Type-Options', 'nosniff');
  }

  abandon(): void {
    this.clientGone = true;
    this.aborter?.abort();
  }
}

class HttpRequestContext implements RequestContext {
  readonly tenantId: string;
  readonly principalId: string;
  readonly tier: string;
  readonly permissions: ReadonlySet<string>;
  readonly requestId: string;
  readonly priority: Priority;
  readonly deadline: number;

  constructor(private readonly scope: RequestScope) {
    const principal = scope.principal;
    if (principal === undefined) {
      throw new Error('A request has no context before the access guard has let it in');
    }
    this.tenantId = principal.tenantId;
    this.principalId = principal.principalId;
    this.tier = principal.tier;
    this.permissions = principal.permissions;
    this.requestId = scope.requestId;
    this.priority = scope.priority;
    this.deadline = scope.startedAt + scope.timeoutMs;
  }

  get signal(): AbortSignal {
    return this.scope.signal;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
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
  private readonly onClose: (this: EdgeResponse) => void;

  constructor(options: RequestScopeOptions) {
    this.defaultTimeoutMs = options.defaultTimeoutMs ?? 30_000;
    this.maxTimeoutMs = options.maxTimeoutMs ?? 300_000;
    const onFinish = options.onFinish;
    this.onClose = function (this: EdgeResponse): void {
      if (!this.writableFinished) this.scope.abandon();
      if (onFinish !== undefined) {
        onFinish({
          method: this.req.method ?? '',
          route: this.req.route?.path ?? 'unmatched',
          status: this.scope.clientGone ? 499 : this.statusCode,
          seconds: (performance.now() - this.scope.startedAt) / 1000,
        });
      }
    };
  }

  /** Throws DomainError MALFORMED_REQUEST when a control header makes no sense. */
  open(request: EdgeRequest, response: EdgeResponse, awaitsContinue: boolean): void {
    const scope = new RequestScope(request, this.defaultTimeoutMs);
    request.scope = scope;
    request.res = response;
    response.scope = scope;
    scope.awaitsContinue = awaitsContinue;
    response.on('close', this.onClose);
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
