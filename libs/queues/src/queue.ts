import type { QueueBoard, ShownQueue } from './board/queue-board.js';

/**
 * A queue says *when* something is done; what there is to do stands in the
 * tables. An entry is an id and nothing else, and may be lost or delivered
 * twice: sweepers add lost ones again, and handlers have no effect twice.
 */
export interface Queue {
  readonly name: string;
  /** Adds an entry unless one with this id is waiting, delayed or active. */
  add(id: string, options?: { readonly delayMs?: number }): Promise<void>;
  /** Takes an entry out that is not active. */
  remove(id: string): Promise<void>;
  /** Which of these ids have a waiting, delayed or active entry. */
  live(ids: readonly string[]): Promise<ReadonlySet<string>>;
  counts(): Promise<QueueCounts>;
}

export interface QueueCounts {
  readonly waiting: number;
  readonly delayed: number;
  readonly active: number;
  readonly failed: number;
}

/**
 * Handles one entry. A rejection leaves the entry among the failed ones for
 * operators to see; trying again is the table's matter.
 * @param signal aborts when the worker is closed and the entry has had its time
 */
export type QueueHandler = (id: string, signal: AbortSignal) => Promise<void>;

/** A running consumer of a queue. */
export interface QueueWorker {
  /** Takes no further entries and resolves once the active ones are done, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>;
}

/** Redis or Postgres, behind BullMQ. */
export interface Queues {
  readonly backend: 'redis' | 'postgres';
  /** One object a name. */
  queue(name: string): Queue;
  /** Starts to consume; goes on by itself after an outage of the server. */
  work(name: string, handler: QueueHandler, options: { readonly concurrency: number }): QueueWorker;
  close(): Promise<void>;
}

/** Queues that operators can look at. */
export interface OpenedQueues extends Queues {
  /** A page that shows these queues, in this order. */
  board(shown: readonly ShownQueue[]): QueueBoard;
}
