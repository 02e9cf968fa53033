import type { Quantiles } from './stats.js';

/** A request body and what its answer is worth, in tokens. */
export interface LoadItem {
  readonly body: string;
  readonly tokens: number;
}

interface Target {
  /** Full URL of the route; every item is POSTed to it. */
  readonly url: string;
  readonly items: readonly LoadItem[];
  /** Left out of the figures: the time until the queue has its usual length. */
  readonly warmSeconds: number;
  readonly seconds: number;
}

/** Each connection sends its next request when it has the answer to the last one. */
export interface ClosedLoopCall extends Target {
  readonly kind: 'closed';
  readonly connections: number;
  /**
   * Sends so many instead of going on for `seconds`, and counts from the first request to the
   * last answer: for requests so large that a window would hold only a few answers.
   */
  readonly amount?: number;
  /** Shown with every request; none by default. */
  readonly key?: string;
}

/** Requests arrive at random (Poisson) at `rate` a second, however slow the answers. */
export interface OpenLoopCall extends Target {
  readonly kind: 'open';
  readonly rate: number;
}

/** Sends every item once, one after the other, on one connection. */
export interface SequenceCall {
  readonly kind: 'sequence';
  readonly url: string;
  readonly items: readonly LoadItem[];
}

/** GETs `url` at a steady rate. */
export interface ProbeCall {
  readonly kind: 'probe';
  readonly url: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export type LoadCall = ClosedLoopCall | OpenLoopCall | SequenceCall | ProbeCall;

/** Latencies are in milliseconds. */
export interface LoadReply {
  /** Tokens answered with 200, and the time that took: from the first to the last answer of the window. */
  readonly tokens: number;
  readonly seconds: number;
  /** Every answer, warm-up included. */
  readonly answers: number;
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests that ended without an answer. */
  readonly unanswered: number;
  /** Why, by error code. */
  readonly failures: Readonly<Record<string, number>>;
  readonly successes: Quantiles;
  /** Answers of 503. */
  readonly refusals: Quantiles;
  /** How late requests of the open loop were sent. */
  readonly sendLag?: Quantiles;
}
