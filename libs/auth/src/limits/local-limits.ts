import type { LimitKind } from './limit-kinds.js';
import {
  listPosition,
  tenantRange,
  type Admission,
  type Hit,
  type KnownSubject,
  type LimitStorage,
  type LimitSubject,
  type Refusal,
  type SubjectUsage,
  type UsagePage,
} from './limit-storage.js';
import { LocalSubject, type Counter } from './local-subject.js';
import { SlidingWindow, type WindowShape } from './sliding-window.js';

export interface LocalLimitsOptions {
  /** Ms since 1970; need not follow a clock that is set back. */
  readonly now: () => number;
  /** Whether counts are to be written down: `takeUnsaved` must then be called again and again. */
  readonly saves: boolean;
  /** Told when somebody's counts are forgotten for want of room, at most once a minute. */
  readonly onForgotten?: () => void;
  /** Most subjects, and most windows of `hit`, remembered at once. */
  readonly capacity?: number;
}

/** What is written down of one window's slice. */
export interface StoredCount {
  readonly subject: string;
  readonly kind: string;
  readonly start: number;
  readonly count: number;
}

/** What is known of a subject before it comes. */
export type StoredSubject = KnownSubject & { readonly counts: readonly StoredCount[] };

/** About 1.5 KB each at most. */
const CAPACITY = 50_000;
const SWEPT_AT_ONCE = 1_000;
const LOOKED_AT_WHEN_FULL = 16;
const TELL_AGAIN_MS = 60_000;

/** Counts in this process's memory. Every decision is made at once. */
export class LocalLimits implements LimitStorage {
  private readonly subjects = new Map<string, LocalSubject>();
  private readonly windows = new Map<string, SlidingWindow>();
  private readonly unsaved = new Set<Counter>();
  private readonly onUnsaved: ((counter: Counter) => void) | null;
  private readonly capacity: number;
  private sweep: IterableIterator<[string, LocalSubject]>;
  private toldAt = -Infinity;

  constructor(private readonly options: LocalLimitsOptions) {
    this.onUnsaved = options.saves ? (counter) => this.unsaved.add(counter) : null;
    this.capacity = options.capacity ?? CAPACITY;
    this.sweep = this.subjects.entries();
  }

  admit(subject: LimitSubject): Admission {
    const now = this.options.now();
    return this.find(subject, now).admit(subject.limits, now);
  }

  /** Counts a request that was admitted elsewhere, so as to know it should this process be alone. */
  follow(subject: LimitSubject): Admission {
    const now = this.options.now();
    return this.find(subject, now).follow(subject.limits, now);
  }

  charge(subject: LimitSubject, kind: LimitKind, amount: number): Refusal | null {
    const now = this.options.now();
    return this.find(subject, now).charge(kind, subject.limits[kind.limit], amount, now);
  }

  hit(key: string, shape: WindowShape, limit: number): Hit {
    const now = this.options.now();
    const window = this.windows.get(key) ?? new SlidingWindow(shape);
    // In the order of their last use, so that room is made by forgetting the first.
    this.windows.delete(key);
    this.windows.set(key, window);
    const oldest = this.windows.keys().next();
    if (this.windows.size > this.capacity && !oldest.done) this.windows.delete(oldest.value);
    const admitted = window.used(now) < limit;
    if (admitted) window.add(now, 1);
    return {
      admitted,
      used: window.used(now),
      resetMs: window.msUntilRelief(now),
      retryAfterMs: admitted ? 0 : Math.max(1, window.msUntilRoom(now, 1, limit)),
    };
  }

  usageOf(subject: LimitSubject): SubjectUsage {
    const known = this.subjects.get(subject.limitSubject);
    return (known ?? new LocalSubject(subject, null)).usage(this.options.now());
  }

  list(tenantId: string | null, after: string | null, limit: number): UsagePage {
    const now = this.options.now();
    const range = tenantId === null ? null : tenantRange(tenantId);
    const found: { at: string; subject: LocalSubject }[] = [];
    let total = 0;
    for (const subject of this.subjects.values()) {
      const at = listPosition(subject.who.tenantId, subject.who.limitSubject);
      if ((range !== null && (at < range[0] || at >= range[1])) || subject.isIdle(now)) continue;
      total++;
      if (after === null || at > after) found.push({ at, subject });
    }
    found.sort((a, b) => (a.at < b.at ? -1 : 1));
    const page = found.slice(0, limit);
    return {
      usages: page.map(({ subject }) => subject.usage(now)),
      next: found.length > limit ? (page.at(-1)?.at ?? null) : null,
      total,
    };
  }

  /** Everything counted since the last call, oldest windows left out. */
  takeUnsaved(): StoredCount[] {
    const now = this.options.now();
    const taken: StoredCount[] = [];
    for (const { subject, kind, window, unsaved } of this.unsaved) {
      const since = now - kind.shape.lengthMs - window.widthMs;
      for (const slice of unsaved?.take(since) ?? []) {
        taken.push({ subject, kind: kind.kind, ...slice });
      }
    }
    this.unsaved.clear();
    return taken;
  }

  /** Takes back what could not be written down. */
  keepUnsaved(counts: readonly StoredCount[]): void {
    for (const { subject, kind, start, count } of counts) {
      const counter = this.subjects.get(subject)?.counterOf(kind);
      if (counter === undefined) continue;
      counter.unsaved?.add(start, count);
      this.unsaved.add(counter);
    }
  }

  /** Goes on from what was written down before. */
  restore(stored: readonly StoredSubject[]): void {
    const now = this.options.now();
    for (const { counts, ...who } of stored) {
      const subject = this.remember(who, now);
      for (const { kind, ...slice } of counts) {
        subject.counterOf(kind)?.window.restore(now, [slice]);
      }
    }
  }

  /** Forgets some of those that have nothing counted any more. To be called about once a second. */
  forgetIdle(): void {
    const now = this.options.now();
    for (let looked = 0; looked < SWEPT_AT_ONCE; looked++) {
      const next = this.sweep.next();
      if (next.done === true) {
        this.sweep = this.subjects.entries();
        break;
      }
      const [id, subject] = next.value;
      if (subject.isIdle(now)) this.subjects.delete(id);
    }
    for (const [key, window] of this.windows) {
      if (window.used(now) > 0) break;
      this.windows.delete(key);
    }
  }

  private find(who: LimitSubject, now: number): LocalSubject {
    const subject = this.subjects.get(who.limitSubject);
    if (subject === undefined) return this.remember(who, now);
    subject.lastSeen = now;
    // Its key may have got another tier or tenant since.
    subject.who = who;
    return subject;
  }

  private remember(who: KnownSubject, now: number): LocalSubject {
    if (this.subjects.size >= this.capacity) this.makeRoom(now);
    const subject = new LocalSubject(who, this.onUnsaved);
    subject.lastSeen = now;
    this.subjects.set(who.limitSubject, subject);
    return subject;
  }

  /** Forgets the one of a few that has been away longest. */
  private makeRoom(now: number): void {
    let victim: LocalSubject | null = null;
    for (let looked = 0; looked < LOOKED_AT_WHEN_FULL; looked++) {
      let next = this.sweep.next();
      if (next.done === true) {
        this.sweep = this.subjects.entries();
        next = this.sweep.next();
      }
      if (next.done === true) break;
      const [, subject] = next.value;
      if (subject.active === 0 && (victim === null || subject.lastSeen < victim.lastSeen)) {
        victim = subject;
      }
    }
    if (victim === null) return;
    this.subjects.delete(victim.who.limitSubject);
    if (victim.isIdle(now) || now - this.toldAt < TELL_AGAIN_MS) return;
    this.toldAt = now;
    this.options.onForgotten?.();
  }
}
