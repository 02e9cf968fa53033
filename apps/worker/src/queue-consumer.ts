import type { QueueHandler, Queues, QueueWorker } from '@app/queues';
import type { Consumer } from './consumer.js';

/** Hands the entries of a queue to a handler. */
export class QueueConsumer implements Consumer {
  private worker: QueueWorker | null = null;

  constructor(
    private readonly queues: Queues,
    private readonly queue: string,
    private readonly handler: QueueHandler,
    private readonly concurrency: number,
  ) {}

  start(): Promise<void> {
    const { concurrency } = this;
    this.worker = this.queues.work(this.queue, this.handler, { concurrency });
    return Promise.resolve();
  }

  async stop(timeoutMs: number): Promise<void> {
    await this.worker?.close(timeoutMs);
  }
}
