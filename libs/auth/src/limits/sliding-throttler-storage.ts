import type { LimitStorage } from './limit-storage.js';

/** What `@nestjs/throttler` expects to be told of a hit; times in seconds. */
export interface ThrottlerRecord {
  readonly totalHits: number;
  readonly timeToExpire: number;
  readonly isBlocked: boolean;
  readonly timeToBlockExpire: number;
}

const SLICES = 60;

/**
 * Storage for `@nestjs/throttler` in which a limit holds for every window of
 * its length, in memory or shared like all other limits. Who is refused waits
 * until there is room again; there is no block beyond that.
 */
export class SlidingThrottlerStorage {
  constructor(private readonly storage: LimitStorage) {}

  /** @param ttl length of the window, ms */
  async increment(
    key: string,
    ttl: number,
    limit: number,
    _blockDuration: number,
    throttlerName: string,
  ): Promise<ThrottlerRecord> {
    const shape = { lengthMs: ttl, slices: SLICES };
    const hit = await this.storage.hit(`${throttlerName}:${key}`, shape, limit);
    return {
      totalHits: hit.used,
      timeToExpire: Math.ceil(hit.resetMs / 1_000),
      isBlocked: !hit.admitted,
      timeToBlockExpire: Math.ceil(hit.retryAfterMs / 1_000),
    };
  }
}
