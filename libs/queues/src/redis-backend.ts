import { setTimeout as sleep } from 'node:timers/promises';
import { Queue, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import type { EntryProcessor, QueueBackend, WorkerSettings } from './queue-backend.js';
import { QUEUE_OPTIONS, workerOptions } from './queue-settings.js';

const PREFIX = 'clinserve';
const LONGEST_PAUSE_MS = 2_000;
const START_TIMEOUT_MS = 5_000;

/** BullMQ on Redis. */
export class RedisBackend implements QueueBackend {
  readonly kind = 'redis';
  /** Shared by all queues: adding never blocks. */
  private readonly producer: Redis;
  private readonly consumers = new Map<string, Redis>();

  private constructor(private readonly url: string) {
    // Nobody is to wait for a server that is away; sweepers add again what was not added.
    this.producer = this.connect({ enableOfflineQueue: false });
  }

  /** Goes on without a server that is away: it is used when it comes up. */
  static async open(url: string): Promise<RedisBackend> {
    const backend = new RedisBackend(url);
    const until = performance.now() + START_TIMEOUT_MS;
    while (!backend.isReachable() && performance.now() < until) await sleep(10);
    return backend;
  }

  isReachable(): boolean {
    return this.producer.status === 'ready';
  }

  makeQueue(name: string): Queue {
    return new Queue(name, { ...QUEUE_OPTIONS, prefix: PREFIX, connection: this.producer });
  }

  makeWorker(name: string, processor: EntryProcessor, settings: WorkerSettings): Worker {
    // What a worker has to say of an entry waits for the server's return.
    const connection = this.consumers.get(name) ?? this.connect({ enableOfflineQueue: true });
    this.consumers.set(name, connection);
    const options = { ...workerOptions(settings), prefix: PREFIX, connection };
    return new Worker(name, processor, options);
  }

  async close(): Promise<void> {
    for (const connection of [this.producer, ...this.consumers.values()]) connection.disconnect();
    return Promise.resolve();
  }

  private connect(options: { readonly enableOfflineQueue: boolean }): Redis {
    const connection = new Redis(this.url, {
      ...options,
      connectionName: 'clinserve-queues',
      maxRetriesPerRequest: null,
      retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
    });
    // The lib redis tells of outages; without a listener, an error would be printed.
    connection.on('error', () => undefined);
    return connection;
  }
}
