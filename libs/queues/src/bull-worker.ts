import { setTimeout as sleep } from 'node:timers/promises';
import { WaitingError, type Worker } from 'bullmq';
import type { QueueHandler, QueueWorker } from './queue.js';
import type { EntryProcessor, QueueBackend, WorkerSettings } from './queue-backend.js';
import type { QueuesLog } from './queues-log.js';
import { sanitised } from './sanitised-error.js';

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;
/** Between two complaints. */
const QUIET_MS = 10_000;
/** What handlers get to let go once their signal has aborted. */
const LET_GO_MS = 2_000;

/**
 * A consumer that starts when its store can be reached and is started again when
 * it stops. BullMQ's own would spin for ever when it is made while Postgres is away.
 */
export class BullWorker implements QueueWorker {
  private readonly closing = new AbortController();
  /** Entries being handled, and what ends each when it has had its time. */
  private readonly active = new Map<Promise<void>, AbortController>();
  private readonly running: Promise<void>;
  private worker: Worker | null = null;
  private closed: Promise<void> | null = null;
  private complainedAt = -Infinity;

  constructor(
    private readonly name: string,
    private readonly handler: QueueHandler,
    private readonly settings: WorkerSettings,
    private readonly backend: QueueBackend,
    private readonly log: QueuesLog,
  ) {
    this.running = this.keepRunning();
  }

  close(timeoutMs: number): Promise<void> {
    this.closed ??= this.end(timeoutMs);
    return this.closed;
  }

  private async end(timeoutMs: number): Promise<void> {
    this.closing.abort();
    const { worker } = this;
    // Takes nothing from here on, and waits for nobody.
    await worker?.pause(true).catch(() => undefined);
    await within(timeoutMs, this.drained());
    for (const ending of this.active.values()) ending.abort();
    await within(LET_GO_MS, this.drained());
    // Entries that are done say so; those that are not come again when their lock has run out.
    const force = this.active.size > 0;
    await within(LET_GO_MS, worker?.close(force).catch(() => undefined) ?? Promise.resolve());
    await within(LET_GO_MS, this.running);
  }

  private async drained(): Promise<void> {
    while (this.active.size > 0) await Promise.allSettled(this.active.keys());
  }

  private async keepRunning(): Promise<void> {
    const { signal } = this.closing;
    for (let pause = FIRST_PAUSE_MS; !isAborted(signal);) {
      const worker = this.backend.makeWorker(this.name, this.processor(), this.settings);
      this.worker = worker;
      worker.on('error', (error) => this.complain(error));
      try {
        await worker.waitUntilReady();
        if (isAborted(signal)) return;
        pause = FIRST_PAUSE_MS;
        await worker.run();
        if (isAborted(signal)) return;
      } catch (error) {
        if (isAborted(signal)) return;
        this.complain(error);
      }
      await worker.close(true).catch(() => undefined);
      await sleep(pause, undefined, { signal }).catch(() => undefined);
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
  }

  /** An outage is told of now and then, not with every try. */
  private complain(error: unknown): void {
    if (this.closing.signal.aborted || performance.now() - this.complainedAt < QUIET_MS) return;
    this.complainedAt = performance.now();
    const reason = sanitised(error).message;
    this.log.warn({ queue: this.name, reason }, 'a queue cannot be read; trying again');
  }

  private processor(): EntryProcessor {
    return async (entry, token) => {
      if (this.closing.signal.aborted) {
        // One that a fetch brought that was under way: it is left to others.
        await entry.moveToWait(token);
        throw new WaitingError();
      }
      // BullMQ's own signal is not used: what becomes of the lock of an entry says
      // nothing of its work, which a queue that was emptied must not interrupt.
      const ending = new AbortController();
      const work = this.handle(entry.id ?? '', ending.signal);
      this.active.set(work, ending);
      const done = () => void this.active.delete(work);
      work.then(done, done);
      await work;
    };
  }

  private async handle(id: string, signal: AbortSignal): Promise<void> {
    try {
      await this.handler(id, signal);
    } catch (error) {
      const safe = sanitised(error);
      this.log.warn({ queue: this.name, id, reason: safe.message }, 'an entry of a queue failed');
      throw safe;
    }
  }
}

/** Read through a function: the compiler takes a signal that was not aborted for one that never will be. */
function isAborted(signal: AbortSignal): boolean {
  return signal.aborted;
}

/** Waits for something, but no longer than that. */
async function within(ms: number, work: Promise<unknown>): Promise<void> {
  const end = new AbortController();
  await Promise.race([work, sleep(ms, undefined, { signal: end.signal }).catch(() => undefined)]);
  end.abort();
}
