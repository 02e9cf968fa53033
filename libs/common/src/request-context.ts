export type Priority = 'interactive' | 'bulk';

/**
 * Who asks, for whom, and until when. Made once where a request or a job
 * enters and handed down explicitly; nothing below reads it from anywhere else.
 */
export interface RequestContext {
  readonly tenantId: string;
  readonly principalId: string;
  /** The caller's tier; also gives the tenant's weight in the scheduler. */
  readonly tier: string;
  readonly permissions: ReadonlySet<string>;
  readonly requestId: string;
  readonly priority: Priority;
  /** Milliseconds on the `performance.now()` clock. */
  readonly deadline: number;
  /** Aborts when the caller has gone away. */
  readonly signal: CancelSignal;
}

/**
 * What libraries use of an AbortSignal, which is one. A request's own is
 * lighter: making a full one costs more than parsing the request's headers.
 */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
