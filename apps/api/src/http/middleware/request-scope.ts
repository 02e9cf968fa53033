import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { newRequestId, newTraceId } from '@app/common';
import type { CancelSignal, Priority, RequestContext } from '@app/common';
import type { Allowance } from '../guards/allowance.js';
import type { Principal } from '@app/auth';
import type { RequestSpan } from '@app/observability';
import { ClientSignal } from './client-signal.js';

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
  /** What the caller's limits leave to this request; undefined when none apply. */
  allowance: Allowance | undefined = undefined;
  /** The client waits for `100 Continue` before it sends its body. */
  awaitsContinue = false;
  clientGone = false;
  /** The body is left to the route, which may not have come to read it. */
  leftBody = false;
  /** The route reads the body itself, and bounds how long it may take. */
  pacesBody = false;
  /** Null unless requests are traced. */
  span: RequestSpan | null = null;
  private queueMs = UNSET;
  private runMs = UNSET;
  private trace: string | undefined = undefined;
  private clientSignal: ClientSignal | undefined = undefined;
  private made: RequestContext | undefined = undefined;

  constructor(
    private readonly request: IncomingMessage,
    private readonly response: OutgoingMessage,
    defaultTimeoutMs: number,
  ) {
    const given = request.headers['x-request-id'];
    this.requestId =
      typeof given === 'string' && SANE_REQUEST_ID.test(given) ? given : newRequestId();
    this.timeoutMs = defaultTimeoutMs;
  }

  /** The caller's W3C trace id, else one made here; 32 hex digits. */
  get traceId(): string {
    if (this.span !== null) return this.span.traceId;
    if (this.trace === undefined) {
      const parent = this.request.headers['traceparent'];
      const given = typeof parent === 'string' ? TRACE_PARENT.exec(parent)?.[1] : undefined;
      this.trace = given !== undefined && given !== NO_TRACE ? given : newTraceId();
    }
    return this.trace;
  }

  /** Aborts when the client leaves before its answer is out. */
  get signal(): CancelSignal {
    if (this.clientSignal === undefined) {
      this.clientSignal = new ClientSignal();
      if (this.clientGone) this.clientSignal.abort();
    }
    return this.clientSignal;
  }

  /** Who asks, for whom and until when, as libraries want it. Needs a principal. */
  get context(): RequestContext {
    return (this.made ??= new HttpRequestContext(this));
  }

  /** Milliseconds a prediction waited and ran, for `Server-Timing`. */
  set(timing: { readonly queueMs?: number; readonly runMs?: number }): void {
    if (timing.queueMs !== undefined) this.queueMs = timing.queueMs;
    if (timing.runMs !== undefined) this.runMs = timing.runMs;
    this.span?.predicted(timing.queueMs ?? 0, timing.runMs ?? 0);
  }

  /** Writes the headers that every answer carries; called as its head goes out. */
  stamp(): void {
    const response = this.response;
    const elapsed = performance.now() - this.startedAt;
    response.setHeader('X-Request-ID', this.requestId);
    response.setHeader('X-Process-Time', `${Math.round(elapsed * 1000) / 1_000_000}`);
    let timing = '';
    if (this.queueMs !== UNSET) timing += `queue;dur=${rounded(this.queueMs)}, `;
    if (this.runMs !== UNSET) timing += `run;dur=${rounded(this.runMs)}, `;
    response.setHeader('Server-Timing', `${timing}total;dur=${rounded(elapsed)}`);
  }

  abandon(): void {
    this.clientGone = true;
    this.clientSignal?.abort();
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

  get signal(): CancelSignal {
    return this.scope.signal;
  }
}

function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
