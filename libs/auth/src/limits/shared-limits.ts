import { RedisScript, type RedisConnection } from '@app/redis';
import { isTier, type Limits, type Tier } from '../tiers.js';
import { Leases } from './leases.js';
import { LIMIT_KINDS, REQUEST_KINDS, REQUESTS_DAY, type LimitKind } from './limit-kinds.js';
import {
  listPosition,
  tenantRange,
  type Admission,
  type Hit,
  type LimitStorage,
  type LimitSubject,
  type Refusal,
  type SubjectUsage,
  type UsagePage,
} from './limit-storage.js';
import type { LocalLimits } from './local-limits.js';
import { refusalOf, tightestOf, toAnswer, usageFrom, type Answer } from './shared-answer.js';
import { SHARED_LIMITS_SCRIPT } from './shared-limits.script.js';
import type { WindowShape } from './sliding-window.js';

export interface SharedLimitsOptions {
  readonly redis: RedisConnection;
  /** Decides while Redis is away; told of everything that Redis has admitted. */
  readonly local: LocalLimits;
  /** Told when Redis stops answering, and not again until it has answered. */
  readonly onAway: (error: unknown) => void;
  /** In front of every key. */
  readonly prefix?: string;
  /** How long a request waits for Redis. */
  readonly patienceMs?: number;
}

/** A request under way is forgotten after this when the process that holds it has died. */
const LEASE_MS = 60_000;
const KEPT_MS = 25 * 3_600_000;
const PATIENCE_MS = 50;
/** Redis is not asked again for so long after it failed to answer. */
const PAUSE_MS = 1_000;
const LISTED_AT_ONCE = 50;

interface Question {
  readonly subject: LimitSubject;
  readonly kinds: readonly LimitKind[];
  readonly amount: number;
  /** Empty when the request takes no place among those answered at once. */
  readonly lease: string;
}

/**
 * Counts in Redis, for all processes that share it: one script call a
 * decision, atomic over all windows. While Redis does not answer within 50 ms,
 * decisions are made by what this process alone has counted.
 */
export class SharedLimits implements LimitStorage {
  private readonly script = new RedisScript(SHARED_LIMITS_SCRIPT);
  private readonly prefix: string;
  private readonly patienceMs: number;
  private readonly leases: Leases;
  private readonly policies = new WeakMap<Limits, string>();
  private awayUntil = -Infinity;
  private away = false;

  constructor(private readonly options: SharedLimitsOptions) {
    this.prefix = options.prefix ?? 'clinserve:limits:';
    this.patienceMs = options.patienceMs ?? PATIENCE_MS;
    this.leases = new Leases(options.redis, LEASE_MS);
  }

  /** Starts to keep the leases of long requests alive. */
  async open(): Promise<void> {
    this.leases.open();
    await this.script.prepare(this.options.redis.client);
  }

  close(): Promise<void> {
    return this.leases.close();
  }

  admit(subject: LimitSubject): Admission | Promise<Admission> {
    return this.isAway() ? this.options.local.admit(subject) : this.admitShared(subject);
  }

  charge(
    subject: LimitSubject,
    kind: LimitKind,
    amount: number,
  ): Refusal | null | Promise<Refusal | null> {
    if (this.isAway()) return this.options.local.charge(subject, kind, amount);
    return this.chargeShared(subject, kind, amount);
  }

  async hit(key: string, shape: WindowShape, limit: number): Promise<Hit> {
    const name = `${this.prefix}hit:${key}`;
    const args = ['', '', -1, '', 0, 1, shape.lengthMs * 2, ...windowArguments('w', shape, limit)];
    const keys = [name, `${name}:active`, ''];
    const reply = this.isAway() ? null : await this.patiently(this.ask(keys, args));
    const window = reply?.windows[0];
    if (reply === null || window === undefined) return this.options.local.hit(key, shape, limit);
    return {
      admitted: reply.refusedBy === 0,
      used: window.used,
      resetMs: window.resetMs,
      retryAfterMs: reply.waitMs,
    };
  }

  async usageOf(subject: LimitSubject): Promise<SubjectUsage> {
    const question = { subject, kinds: LIMIT_KINDS, amount: 0, lease: '' };
    const answer = this.isAway() ? null : await this.question(question);
    if (answer === null) return this.options.local.usageOf(subject);
    return usageFrom(subject, subject, answer);
  }

  /** What this process has counted, while Redis is away. */
  async list(tenantId: string | null, after: string | null, limit: number): Promise<UsagePage> {
    if (this.isAway()) return this.options.local.list(tenantId, after, limit);
    try {
      return await this.listShared(tenantId, after, limit);
    } catch (error) {
      this.noteAway(error);
      return this.options.local.list(tenantId, after, limit);
    }
  }

  private async listShared(
    tenantId: string | null,
    after: string | null,
    limit: number,
  ): Promise<UsagePage> {
    const { client } = this.options.redis;
    const index = `${this.prefix}subjects`;
    const [from, to] = tenantId === null ? ['-', '+'] : lexRange(tenantId);
    const first = after === null || isBefore(after, tenantId) ? from : `(${after}`;
    const places = await client.zrangebylex(index, first, to, 'LIMIT', 0, limit + 1);
    const page = places.slice(0, limit);
    const usages: SubjectUsage[] = [];
    for (let from = 0; from < page.length; from += LISTED_AT_ONCE) {
      const some = page.slice(from, from + LISTED_AT_ONCE);
      const found = await Promise.all(some.map((place) => this.usageAt(place)));
      usages.push(...found.filter((usage) => usage !== null));
      const gone = some.filter((_, i) => found[i] === null);
      if (gone.length > 0) await client.zrem(index, ...gone);
    }
    return {
      usages,
      next: places.length > limit ? (page.at(-1) ?? null) : null,
      total: await client.zlexcount(index, from, to),
    };
  }

  private async admitShared(subject: LimitSubject): Promise<Admission> {
    const { local } = this.options;
    const lease = this.leases.name();
    const kinds = REQUEST_KINDS.filter(
      (kind) => kind === REQUESTS_DAY || subject.limits[kind.limit] !== null,
    );
    const answer = await this.question({ subject, kinds, amount: 1, lease });
    if (answer === null) return local.admit(subject);
    const tightest = tightestOf(subject.limits, kinds, answer);
    const refusal = refusalOf(subject.limits, kinds, answer);
    if (refusal !== null) return { refusal, tightest, release: () => undefined };
    const followed = local.follow(subject);
    this.leases.hold(this.activeKey(subject), lease);
    return {
      refusal,
      tightest,
      release: () => {
        followed.release();
        this.leases.release(this.activeKey(subject), lease);
      },
    };
  }

  private async chargeShared(
    subject: LimitSubject,
    kind: LimitKind,
    amount: number,
  ): Promise<Refusal | null> {
    const { local } = this.options;
    const answer = await this.question({ subject, kinds: [kind], amount, lease: '' });
    if (answer === null) return local.charge(subject, kind, amount);
    const refusal = refusalOf(subject.limits, [kind], answer);
    if (refusal === null) {
      // Whatever this process has counted, Redis knows better.
      local.charge({ ...subject, limits: { ...subject.limits, [kind.limit]: null } }, kind, amount);
    }
    return refusal;
  }

  /** @returns null when Redis does not answer in time */
  private async question(question: Question): Promise<Answer | null> {
    const { subject, lease } = question;
    return this.patiently(this.put(question), () => {
      if (lease !== '') this.leases.release(this.activeKey(subject), lease);
    });
  }

  private put({ subject, kinds, amount, lease }: Question): Promise<Answer> {
    const { limitSubject, tenantId, limits } = subject;
    const keys = [
      `${this.prefix}${limitSubject}`,
      this.activeKey(subject),
      `${this.prefix}subjects`,
    ];
    const args: (string | number)[] = [
      listPosition(tenantId, limitSubject),
      amount === 0 ? '' : this.policyOf(subject),
      limits.concurrent ?? -1,
      lease,
      LEASE_MS,
      amount,
      KEPT_MS,
    ];
    for (const kind of kinds) {
      args.push(...windowArguments(kind.kind, kind.shape, limits[kind.limit]));
    }
    return this.ask(keys, args);
  }

  private async ask(keys: readonly string[], args: readonly (string | number)[]): Promise<Answer> {
    return toAnswer(await this.script.run(this.options.redis.client, keys, args));
  }

  /**
   * @param onLate called when the answer comes after nobody waits for it any more
   * @returns null when it does not come in time
   */
  private async patiently(asked: Promise<Answer>, onLate?: () => void): Promise<Answer | null> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<null>((resolve) => {
      // An answer that came while this process was busy is read first.
      timer = setTimeout(() => setImmediate(resolve, null), this.patienceMs);
    });
    try {
      const answer = await Promise.race([asked, late]);
      if (answer !== null) {
        this.away = false;
        return answer;
      }
      this.noteAway(new Error(`no answer within ${this.patienceMs} ms`));
      asked.then(onLate, () => undefined);
    } catch (error) {
      this.noteAway(error);
    } finally {
      clearTimeout(timer);
    }
    return null;
  }

  private isAway(): boolean {
    if (performance.now() < this.awayUntil) return true;
    if (this.options.redis.isReady) return false;
    this.noteAway(new Error('not connected'));
    return true;
  }

  private noteAway(error: unknown): void {
    this.awayUntil = performance.now() + PAUSE_MS;
    if (!this.away) this.options.onAway(error);
    this.away = true;
  }

  private async usageAt(place: string): Promise<SubjectUsage | null> {
    const [tenantId = '', limitSubject = ''] = place.split('\u0001');
    const stored = await this.options.redis.client.hget(`${this.prefix}${limitSubject}`, 'policy');
    if (stored === null) return null;
    const policy = JSON.parse(stored) as { tier: Tier; limits: Limits };
    const subject = { limitSubject, tenantId, ...policy };
    const answer = await this.put({ subject, kinds: LIMIT_KINDS, amount: 0, lease: '' });
    return usageFrom(subject, isTier(policy.tier) ? policy : null, answer);
  }

  private policyOf({ tier, limits }: LimitSubject): string {
    let text = this.policies.get(limits);
    if (text === undefined) {
      text = JSON.stringify(limits);
      this.policies.set(limits, text);
    }
    return `{"tier":"${tier}","limits":${text}}`;
  }

  private activeKey({ limitSubject }: LimitSubject): string {
    return `${this.prefix}${limitSubject}:active`;
  }
}

function lexRange(tenantId: string): [from: string, to: string] {
  const [from, to] = tenantRange(tenantId);
  return [`[${from}`, `(${to}`];
}

/** Whether a position, which callers may make up, lies before the tenant's own, in Redis's order of bytes. */
function isBefore(position: string, tenantId: string | null): boolean {
  if (tenantId === null) return false;
  return Buffer.compare(Buffer.from(position), Buffer.from(tenantRange(tenantId)[0])) < 0;
}

function windowArguments(
  name: string,
  shape: WindowShape,
  limit: number | null,
): (string | number)[] {
  return [`${name}:`, shape.lengthMs / shape.slices, shape.slices, limit ?? -1];
}
