import { newId } from '@app/common';
import { RedisScript, type RedisConnection } from '@app/redis';
import { RENEW_LEASES_SCRIPT } from './shared-limits.script.js';

/**
 * The places that this process's requests hold among those answered at once.
 * Each is a lease: renewed while its request runs, and gone by itself when
 * this process dies.
 */
export class Leases {
  private readonly script = new RedisScript(RENEW_LEASES_SCRIPT);
  private readonly instance = newId();
  private count = 0;
  /** By key; each with the time it was taken or renewed. */
  private readonly held = new Map<string, Map<string, number>>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly redis: RedisConnection,
    private readonly lengthMs: number,
  ) {}

  open(): void {
    this.timer = setInterval(() => this.renew(), this.lengthMs / 6);
    this.timer.unref();
  }

  /** Gives back what is still held. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    const held = [...this.held];
    this.held.clear();
    for (const [key, leases] of held) {
      await this.redis.client.zrem(key, ...leases.keys()).catch(() => undefined);
    }
  }

  /** A name no other lease has. */
  name(): string {
    return `${this.instance}:${++this.count}`;
  }

  hold(key: string, lease: string): void {
    const leases = this.held.get(key) ?? new Map<string, number>();
    this.held.set(key, leases);
    leases.set(lease, performance.now());
  }

  release(key: string, lease: string): void {
    const leases = this.held.get(key);
    if (leases !== undefined) {
      leases.delete(lease);
      if (leases.size === 0) this.held.delete(key);
    }
    // One that is not given back ends by itself.
    if (this.redis.isReady) this.redis.client.zrem(key, lease).catch(() => undefined);
  }

  private renew(): void {
    if (!this.redis.isReady) return;
    const now = performance.now();
    for (const [key, leases] of this.held) {
      const due = [...leases].filter(([, since]) => now - since > this.lengthMs / 3);
      if (due.length === 0) continue;
      for (const [lease] of due) leases.set(lease, now);
      const names = due.map(([lease]) => lease);
      this.script.run(this.redis.client, [key], [this.lengthMs, ...names]).catch(() => undefined);
    }
  }
}
