import { DomainError } from '@app/common';
import type { Queue as Bull } from 'bullmq';
import type { Queue, QueueCounts } from './queue.js';
import type { QueueBackend } from './queue-backend.js';
import { sanitised } from './sanitised-error.js';

/** A store that is away is not waited for. */
const PATIENCE_MS = 3_000;
const LIVE_STATES = new Set(['waiting', 'delayed', 'active', 'prioritized', 'waiting-children']);
/** Asked for at once; each is a round trip. */
const AT_ONCE = 50;

/** A queue of BullMQ. Operations fail with SERVICE_UNAVAILABLE rather than wait for a store that is away. */
export class BullQueue implements Queue {
  private opened: Bull | null = null;

  constructor(
    readonly name: string,
    private readonly backend: QueueBackend,
  ) {}

  add(id: string, { delayMs = 0 }: { readonly delayMs?: number } = {}): Promise<void> {
    return this.ask(async (queue) => {
      const options = { jobId: id, delay: delayMs };
      // An entry that failed stays for operators to see, and would keep the new one out.
      if ((await queue.getJobState(id)) === 'failed') await queue.remove(id);
      await queue.add(this.name, {}, options);
    });
  }

  remove(id: string): Promise<void> {
    return this.ask(async (queue) => {
      const state = await queue.getJobState(id);
      if (state === 'active' || state === 'unknown') return;
      await queue.remove(id);
    });
  }

  live(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return this.ask(async (queue) => {
      const live = new Set<string>();
      for (let from = 0; from < ids.length; from += AT_ONCE) {
        const some = ids.slice(from, from + AT_ONCE);
        const states = await Promise.all(some.map((id) => queue.getJobState(id)));
        some.forEach((id, i) => LIVE_STATES.has(states[i] ?? 'unknown') && live.add(id));
      }
      return live;
    });
  }

  counts(): Promise<QueueCounts> {
    return this.ask(async (queue) => {
      const counts = await queue.getJobCounts('waiting', 'delayed', 'active', 'failed');
      const { waiting = 0, delayed = 0, active = 0, failed = 0 } = counts;
      return { waiting, delayed, active, failed };
    });
  }

  /** For those who show queues, as soon as it is connected. */
  connected(): Promise<Bull> {
    return this.ask((queue) => Promise.resolve(queue));
  }

  async close(): Promise<void> {
    const { opened } = this;
    this.opened = null;
    await opened?.close().catch(() => undefined);
  }

  private async ask<T>(work: (queue: Bull) => Promise<T>): Promise<T> {
    if (!this.backend.isReachable()) throw unavailable();
    const queue = (this.opened ??= this.open());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(unavailable()), PATIENCE_MS);
    });
    try {
      await Promise.race([this.ready(queue), late]);
      return await Promise.race([work(queue), late]);
    } catch (error) {
      throw error instanceof DomainError ? error : unavailable(sanitised(error));
    } finally {
      clearTimeout(timer);
    }
  }

  /** One that could not connect at first never will: the next operation makes another. */
  private async ready(queue: Bull): Promise<void> {
    try {
      await queue.waitUntilReady();
    } catch (error) {
      if (this.opened === queue) await this.close();
      throw error;
    }
  }

  private open(): Bull {
    const queue = this.backend.makeQueue(this.name);
    // Whoever asks is told; without a listener, BullMQ would print it.
    queue.on('error', () => undefined);
    return queue;
  }
}

function unavailable(cause?: Error): DomainError {
  return new DomainError('SERVICE_UNAVAILABLE', 'The queue cannot be reached at the moment.', {
    retryAfterSeconds: 2,
    cause,
  });
}
