import type { Consumer } from './consumer.js';

const EVERY_MS = 5_000;

/** Does every few seconds what makes good for what got lost. */
export class Sweeper implements Consumer {
  private timer: NodeJS.Timeout | null = null;
  private sweeping: Promise<void> | null = null;

  /** @param sweeps each on its own: a failing one keeps no other from its work */
  constructor(
    private readonly sweeps: readonly (() => Promise<unknown>)[],
    private readonly onError: (error: unknown) => void,
    private readonly everyMs: number = EVERY_MS,
  ) {}

  start(): Promise<void> {
    this.timer = setInterval(() => void this.sweep(), this.everyMs);
    this.timer.unref();
    // Not waited for: a service that starts has better things to do.
    void this.sweep();
    return Promise.resolve();
  }

  /** Never rejects; calls during a sweep are the same one. */
  sweep(): Promise<void> {
    this.sweeping ??= this.sweepAll().finally(() => (this.sweeping = null));
    return this.sweeping;
  }

  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.sweeping;
  }

  private async sweepAll(): Promise<void> {
    for (const sweep of this.sweeps) {
      try {
        await sweep();
      } catch (error) {
        this.onError(error);
      }
    }
  }
}
