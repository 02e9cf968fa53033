import type { Consumer } from './consumer.js';

/** All that a process with the role of a worker does, from its start to its end. */
export class Worker implements Consumer {
  constructor(private readonly consumers: readonly Consumer[]) {}

  async start(): Promise<void> {
    for (const consumer of this.consumers) await consumer.start();
  }

  /** All at once: none takes anything new from the moment of the call. */
  async stop(timeoutMs: number): Promise<void> {
    await Promise.all(this.consumers.map((consumer) => consumer.stop(timeoutMs)));
  }
}
