import { setTimeout as sleep } from 'node:timers/promises';
import type { Probe, ProbeResult } from '@app/common';
import type { Redis } from 'ioredis';

/** A working server answers within a millisecond. */
const PATIENCE_MS = 1_000;

/** Whether commands are answered. Without Redis the service works on, counting limits by itself. */
export class RedisProbe implements Probe {
  readonly name = 'redis';
  readonly critical = false;

  constructor(private readonly client: Redis) {}

  async check(): Promise<ProbeResult> {
    const start = performance.now();
    const answer = await Promise.race([
      this.client.ping().then(
        () => 'answered' as const,
        () => 'away' as const,
      ),
      sleep(PATIENCE_MS, 'late' as const, { ref: false }),
    ]);
    switch (answer) {
      case 'answered':
        return {
          status: 'healthy',
          message: `answered in ${(performance.now() - start).toFixed(1)} ms`,
        };
      case 'away':
        return { status: 'unhealthy', message: 'Redis cannot be reached' };
      case 'late':
        return { status: 'unhealthy', message: `no answer within ${PATIENCE_MS} ms` };
    }
  }
}
