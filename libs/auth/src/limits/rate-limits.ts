import type { Database } from '@app/database';
import type { RedisConnection } from '@app/redis';
import type { Principal } from '../principal.js';
import { ITEMS_DAY, TOKENS_DAY, type LimitKind } from './limit-kinds.js';
import type { Admission, LimitStorage, Refusal, SubjectUsage, UsagePage } from './limit-storage.js';
import { LocalLimits } from './local-limits.js';
import { refusalError } from './refusal-error.js';
import { SharedLimits } from './shared-limits.js';
import { SlidingThrottlerStorage } from './sliding-throttler-storage.js';
import { UsageJournal } from './usage-journal.js';

/** What this lib tells the operator through; a pino logger is one. */
export interface LimitsLog {
  warn(details: object, message: string): void;
}

export interface RateLimitsOptions {
  /** Where counts are written down when there is no Redis; null to keep them in memory alone. */
  readonly database: Database | null;
  /** Shared by several processes; null when this is the only one. */
  readonly redis: RedisConnection | null;
  readonly log: LimitsLog;
  /** How long a request waits for Redis, ms; 50 by default. */
  readonly redisPatienceMs?: number;
  /** Ms since 1970, going forward whatever is done to the machine's clock. */
  readonly now?: () => number;
}

/** A request that no limit applies to. */
const UNLIMITED: Admission = { refusal: null, tightest: null, release: () => undefined };

/**
 * How much each caller may ask for. Nobody is ever let through more often than
 * their limit within any minute, hour or day, wherever it begins; what was
 * used is given back at most a sixtieth (a day: a ninety-sixth) of the window
 * late. Refused requests do not count.
 */
export class RateLimits {
  readonly throttlerStorage: SlidingThrottlerStorage;
  private readonly storage: LimitStorage;
  private readonly local: LocalLimits;
  private readonly shared: SharedLimits | null;
  private readonly journal: UsageJournal | null;
  private timer: NodeJS.Timeout | null = null;

  constructor(options: RateLimitsOptions) {
    const { database, redis, log } = options;
    const now = options.now ?? steadyClock();
    // Redis keeps what it counts; a database is asked to only where there is none.
    const saves = redis === null && database !== null;
    this.local = new LocalLimits({
      now,
      saves,
      onForgotten: () =>
        log.warn({}, 'too many callers to count: some of their use has been forgotten'),
    });
    this.journal = saves
      ? new UsageJournal({
          database,
          limits: this.local,
          now,
          onError: (err) => log.warn({ err }, 'use of limits cannot be written down'),
        })
      : null;
    this.shared =
      redis === null
        ? null
        : new SharedLimits({
            redis,
            local: this.local,
            patienceMs: options.redisPatienceMs,
            onAway: (err) =>
              log.warn({ err }, 'Redis does not answer: limits are counted by this process alone'),
          });
    this.storage = this.shared ?? this.local;
    this.throttlerStorage = new SlidingThrottlerStorage(this.storage);
  }

  /** Reads what was used before. */
  async open(): Promise<void> {
    await this.journal?.open();
    await this.shared?.open();
    this.timer = setInterval(() => this.local.forgetIdle(), 1_000);
    this.timer.unref();
  }

  /** Writes down what was used. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.journal?.close();
    await this.shared?.close();
  }

  /** Counts a request. Whoever is let in must call `release` of the answer when it has been answered. */
  admit(principal: Principal): Admission | Promise<Admission> {
    return isLimited(principal) ? this.storage.admit(principal) : UNLIMITED;
  }

  /**
   * Counts the items of a batch or a job, before the work. They stay counted
   * when the work fails.
   *
   * @throws DomainError QUOTA_EXCEEDED; nothing is counted then
   */
  chargeItems(principal: Principal, items: number): void | Promise<void> {
    return this.charge(principal, ITEMS_DAY, items);
  }

  /** Counts generated tokens. @throws DomainError QUOTA_EXCEEDED; nothing is counted then */
  chargeTokens(principal: Principal, tokens: number): void | Promise<void> {
    return this.charge(principal, TOKENS_DAY, tokens);
  }

  usageOf(principal: Principal): SubjectUsage | Promise<SubjectUsage> {
    return this.storage.usageOf(principal);
  }

  /** Everybody's use, keyset paged. @param tenantId null for all tenants */
  list(
    tenantId: string | null,
    after: string | null,
    limit: number,
  ): UsagePage | Promise<UsagePage> {
    return this.storage.list(tenantId, after, limit);
  }

  private charge(principal: Principal, kind: LimitKind, amount: number): void | Promise<void> {
    if (!isLimited(principal) || amount <= 0) return;
    const refusal = this.storage.charge(principal, kind, amount);
    if (refusal instanceof Promise) return refusal.then((late) => assertFits(late, amount));
    assertFits(refusal, amount);
  }
}

/** Callers that need no key are this machine's own. */
function isLimited(principal: Principal): boolean {
  return principal.kind !== 'anonymous';
}

function assertFits(refusal: Refusal | null, amount: number): void {
  if (refusal !== null) throw refusalError(refusal, amount);
}

/** The machine's time when this is called, and from then on what has passed. */
function steadyClock(): () => number {
  const offset = Date.now() - performance.now();
  return () => performance.now() + offset;
}
