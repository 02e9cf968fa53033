import type { ClientConfig } from 'pg';
import { QueueBoard, type ShownQueue } from './board/queue-board.js';
import { BullQueue } from './bull-queue.js';
import { BullWorker } from './bull-worker.js';
import { PostgresBackend } from './postgres-backend.js';
import type { OpenedQueues, Queue, QueueHandler, QueueWorker } from './queue.js';
import type { QueueBackend } from './queue-backend.js';
import type { QueuesLog } from './queues-log.js';
import { RedisBackend } from './redis-backend.js';

export interface QueuesOptions {
  /** Null: the database keeps the queues too. */
  readonly redisUrl: string | null;
  readonly connection: Readonly<ClientConfig>;
  readonly log: QueuesLog;
  /** How long an entry belongs to a worker that was killed, ms. */
  readonly lockMs?: number;
}

/** Beyond what a busy event loop takes to say that it lives. */
const LOCK_MS = 12_000;

/** The process's queues, on Redis when there is one. */
export async function openQueues(options: QueuesOptions): Promise<OpenedQueues> {
  const { redisUrl, connection } = options;
  const backend: QueueBackend =
    redisUrl === null ? await PostgresBackend.open(connection) : await RedisBackend.open(redisUrl);
  return new BullQueues(backend, options.log, options.lockMs ?? LOCK_MS);
}

class BullQueues implements OpenedQueues {
  private readonly queues = new Map<string, BullQueue>();
  private readonly workers: BullWorker[] = [];

  constructor(
    private readonly store: QueueBackend,
    private readonly log: QueuesLog,
    private readonly lockMs: number,
  ) {}

  get backend(): 'redis' | 'postgres' {
    return this.store.kind;
  }

  queue(name: string): Queue {
    return this.bullQueue(name);
  }

  board(shown: readonly ShownQueue[]): QueueBoard {
    return new QueueBoard(shown, { ready: (name) => this.bullQueue(name).connected() });
  }

  work(
    name: string,
    handler: QueueHandler,
    { concurrency }: { readonly concurrency: number },
  ): QueueWorker {
    const settings = { concurrency, lockMs: this.lockMs };
    const worker = new BullWorker(name, handler, settings, this.store, this.log);
    this.workers.push(worker);
    return worker;
  }

  async close(): Promise<void> {
    await Promise.all(this.workers.map((worker) => worker.close(0)));
    for (const queue of this.queues.values()) await queue.close();
    await this.store.close();
  }

  private bullQueue(name: string): BullQueue {
    const known = this.queues.get(name);
    if (known !== undefined) return known;
    const queue = new BullQueue(name, this.store);
    this.queues.set(name, queue);
    return queue;
  }
}
