import type { Limits } from '../tiers.js';
import { LIMIT_KINDS, REQUEST_KINDS, REQUESTS_DAY, type LimitKind } from './limit-kinds.js';
import type {
  Admission,
  KnownSubject,
  Refusal,
  Standing,
  SubjectUsage,
  WindowUsage,
} from './limit-storage.js';
import { SlidingWindow } from './sliding-window.js';
import { UnsavedCounts } from './unsaved-counts.js';

/** When somebody's requests may all be done soon, but nobody knows when. */
export const BUSY_RETRY_MS = 1_000;

/** One window of one subject. */
export interface Counter {
  readonly subject: string;
  readonly kind: LimitKind;
  readonly window: SlidingWindow;
  /** Null when nobody writes counts down. */
  readonly unsaved: UnsavedCounts | null;
}

/** A window that a request is counted in. */
interface Held {
  readonly counter: Counter;
  readonly limit: number | null;
}

const RELEASED: Pick<Admission, 'release'> = { release: () => undefined };

/** Everything counted for one subject in this process. */
export class LocalSubject {
  /** Requests being answered now. */
  active = 0;
  lastSeen = 0;
  private readonly counters = new Map<LimitKind, Counter>();
  private limits: Limits | null = null;
  private held: readonly Held[] = [];

  /** @param onUnsaved told of every count that waits to be written down; null when none is to be */
  constructor(
    public who: KnownSubject,
    private readonly onUnsaved: ((counter: Counter) => void) | null,
  ) {}

  admit(limits: Limits, now: number): Admission {
    if (limits !== this.limits) this.hold(limits);
    const refusal = this.refuse(limits, now);
    if (refusal !== null) {
      return { refusal, tightest: this.tightest(now), release: RELEASED.release };
    }
    for (const { counter } of this.held) this.count(counter, now, 1);
    this.active++;
    return new Admitted(this, this.tightest(now));
  }

  charge(kind: LimitKind, limit: number | null, amount: number, now: number): Refusal | null {
    const counter = this.counter(kind);
    const refusal = limit === null ? null : refusalOf(counter, limit, amount, now);
    if (refusal === null) this.count(counter, now, amount);
    return refusal;
  }

  /** Counts a request that was admitted elsewhere. */
  follow(limits: Limits, now: number): Admission {
    if (limits !== this.limits) this.hold(limits);
    for (const { counter } of this.held) this.count(counter, now, 1);
    this.active++;
    return new Admitted(this, null);
  }

  usage(now: number): SubjectUsage {
    const windows = new Map<string, WindowUsage>();
    for (const [kind, { window }] of this.counters) {
      windows.set(kind.kind, { used: window.used(now), resetMs: window.msUntilRelief(now) });
    }
    const { limitSubject, tenantId, tier, limits } = this.who;
    const policy = tier === undefined || limits === undefined ? null : { tier, limits };
    return { subject: limitSubject, tenantId, policy, active: this.active, windows };
  }

  isIdle(now: number): boolean {
    if (this.active > 0) return false;
    for (const { window } of this.counters.values()) if (window.used(now) > 0) return false;
    return true;
  }

  /** @returns undefined for a kind this version does not know */
  counterOf(kind: string): Counter | undefined {
    const known = LIMIT_KINDS.find((candidate) => candidate.kind === kind);
    return known === undefined ? undefined : this.counter(known);
  }

  private refuse(limits: Limits, now: number): Refusal | null {
    let refusal: Refusal | null = null;
    if (limits.concurrent !== null && this.active >= limits.concurrent) {
      const { concurrent } = limits;
      refusal = { by: 'concurrent', limit: concurrent, remaining: 0, retryAfterMs: BUSY_RETRY_MS };
    }
    for (const { counter, limit } of this.held) {
      if (limit === null) continue;
      const other = refusalOf(counter, limit, 1, now);
      if (other !== null && other.retryAfterMs > (refusal?.retryAfterMs ?? 0)) refusal = other;
    }
    return refusal;
  }

  private tightest(now: number): Standing | null {
    let found: Held | null = null;
    let left = Infinity;
    for (const held of this.held) {
      if (held.limit === null) continue;
      const remaining = held.limit - held.counter.window.used(now);
      if (remaining >= left) continue;
      left = remaining;
      found = held;
    }
    if (found === null || found.limit === null) return null;
    const { kind, window } = found.counter;
    return {
      kind,
      limit: found.limit,
      remaining: Math.max(0, left),
      resetMs: window.msUntilRelief(now),
    };
  }

  private hold(limits: Limits): void {
    this.limits = limits;
    // A day's requests are counted for everybody: their number is worth knowing without a limit.
    this.held = REQUEST_KINDS.filter(
      (kind) => limits[kind.limit] !== null || kind === REQUESTS_DAY,
    ).map((kind) => ({ counter: this.counter(kind), limit: limits[kind.limit] }));
  }

  private counter(kind: LimitKind): Counter {
    let counter = this.counters.get(kind);
    if (counter === undefined) {
      const unsaved = this.onUnsaved === null ? null : new UnsavedCounts();
      const subject = this.who.limitSubject;
      counter = { subject, kind, window: new SlidingWindow(kind.shape), unsaved };
      this.counters.set(kind, counter);
    }
    return counter;
  }

  private count(counter: Counter, now: number, amount: number): void {
    const start = counter.window.add(now, amount);
    if (counter.unsaved === null) return;
    counter.unsaved.add(start, amount);
    this.onUnsaved?.(counter);
  }
}

class Admitted implements Admission {
  readonly refusal = null;
  private released = false;

  constructor(
    private readonly subject: LocalSubject,
    readonly tightest: Standing | null,
  ) {}

  release(): void {
    if (this.released) return;
    this.released = true;
    this.subject.active--;
  }
}

function refusalOf(counter: Counter, limit: number, amount: number, now: number): Refusal | null {
  const { kind, window } = counter;
  const used = window.used(now);
  if (used + amount <= limit) return null;
  const wait = window.msUntilRoom(now, amount, limit);
  return {
    by: kind,
    limit,
    remaining: Math.max(0, limit - used),
    // What is more than the limit never fits: there is nothing to wait for but a new limit.
    retryAfterMs: amount > limit ? kind.shape.lengthMs : Math.max(1, wait),
  };
}
