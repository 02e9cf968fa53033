import { setTimeout as sleep } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { RedisProbe } from './redis.probe.js';

/** How long an orderly end may take before the socket is simply closed. */
const CLOSE_MS = 1_000;

/**
 * The process's connection to Redis. It is made again by itself when it
 * breaks; commands given meanwhile fail at once, so that nobody waits for a
 * server that is away.
 */
export class RedisConnection {
  readonly probe: RedisProbe;

  constructor(readonly client: Redis) {
    this.probe = new RedisProbe(client);
  }

  /** Whether a command would be sent now. */
  get isReady(): boolean {
    return this.client.status === 'ready';
  }

  async close(): Promise<void> {
    if (this.isReady) {
      const quit = this.client.quit().catch(() => undefined);
      await Promise.race([quit, sleep(CLOSE_MS, undefined, { ref: false })]);
    }
    this.client.disconnect();
  }
}
