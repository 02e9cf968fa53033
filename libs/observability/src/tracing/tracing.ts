import type { RequestTracer } from './request-tracer.js';

export interface TracingOptions {
  /** Base URL of the collector, without `/v1/traces`. */
  readonly endpoint: string;
  /** This service's own version. */
  readonly version: string;
  /** Told, at most once a minute, that the collector does not take spans. */
  readonly log: { warn(details: object, message: string): void };
  /** How long spans are collected before they are sent. Default 5,000 ms. */
  readonly sendEveryMs?: number;
}

/** Tracing of a process, for those who asked for it. */
export interface Tracing extends RequestTracer {
  /** Sends what is left, for as long as that may reasonably take. */
  close(): Promise<void>;
}
