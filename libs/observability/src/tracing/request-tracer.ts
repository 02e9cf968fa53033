/** What a trace may know of a request once it is over: names of ours and numbers, no text of a caller's. */
export interface TracedOutcome {
  /** The pattern that matched, never the URL. */
  readonly route: string;
  /** 499 when the client went away first. */
  readonly status: number;
  readonly requestId: string;
  readonly tenantId: string | null;
}

/** The span of one request. Its methods never throw. */
export interface RequestSpan {
  /** 32 hex digits. */
  readonly traceId: string;
  /** Notes that a prediction is back, and how long it waited and ran. */
  predicted(queueMs: number, runMs: number): void;
  end(outcome: TracedOutcome): void;
}

/** Makes a span of every request. */
export interface RequestTracer {
  /**
   * @param startedAt on the `performance.now()` clock
   * @param traceparent the caller's W3C header; anything else begins a trace of its own
   */
  start(method: string, startedAt: number, traceparent: unknown): RequestSpan;
}
