import type { Principal } from '../principal.js';
import type { Limits, Tier } from '../tiers.js';
import type { LimitKind } from './limit-kinds.js';
import type { WindowShape } from './sliding-window.js';

/** Whose use is counted, and what it is held to. */
export type LimitSubject = Pick<Principal, 'limitSubject' | 'tenantId' | 'tier' | 'limits'>;

/** A subject of which no more may be known than that it exists. */
export type KnownSubject = Pick<LimitSubject, 'limitSubject' | 'tenantId'> &
  Partial<Pick<LimitSubject, 'tier' | 'limits'>>;

/** What refused, and when another try makes sense. */
export interface Refusal {
  readonly by: LimitKind | 'concurrent';
  readonly limit: number;
  /** Less than `amount` fits. */
  readonly remaining: number;
  readonly retryAfterMs: number;
}

/** Where a caller stands in one window. */
export interface Standing {
  readonly kind: LimitKind;
  readonly limit: number;
  readonly remaining: number;
  /** Until something counted leaves the window, so that `remaining` grows. */
  readonly resetMs: number;
}

/** What became of a request. An admitted one must be released once it has been answered. */
export interface Admission {
  readonly refusal: Refusal | null;
  /** The window with the least left; null when no window is limited. */
  readonly tightest: Standing | null;
  /** Gives back the place among those answered at once. Further calls do nothing. */
  release(): void;
}

export interface WindowUsage {
  readonly used: number;
  readonly resetMs: number;
}

/** What a subject has used. */
export interface SubjectUsage {
  readonly subject: string;
  readonly tenantId: string;
  /** Null when nothing is known of the subject but its use. */
  readonly policy: { readonly tier: Tier; readonly limits: Limits } | null;
  /** Requests being answered now. */
  readonly active: number;
  /** By `LimitKind.kind`; a kind never counted is absent. */
  readonly windows: ReadonlyMap<string, WindowUsage>;
}

export interface UsagePage {
  readonly usages: readonly SubjectUsage[];
  /** For the next page; null on the last. */
  readonly next: string | null;
  readonly total: number;
}

/** What became of one hit on a window that belongs to no principal. */
export interface Hit {
  readonly admitted: boolean;
  /** With this one, when it was admitted. */
  readonly used: number;
  readonly resetMs: number;
  /** 0 when admitted. */
  readonly retryAfterMs: number;
}

/**
 * Where use is counted. Every decision is made at once over all windows
 * concerned: counted in each of them or in none. Answers are promises only
 * where another process has to be asked.
 */
export interface LimitStorage {
  /** Counts a request. */
  admit(subject: LimitSubject): Admission | Promise<Admission>;
  /** Counts `amount` of something; null when it was counted. */
  charge(
    subject: LimitSubject,
    kind: LimitKind,
    amount: number,
  ): Refusal | null | Promise<Refusal | null>;
  /** Counts a hit on the window `key`, which takes its shape and limit from its caller. */
  hit(key: string, shape: WindowShape, limit: number): Hit | Promise<Hit>;
  usageOf(subject: LimitSubject): SubjectUsage | Promise<SubjectUsage>;
  /**
   * Everybody who has used something within a day, by tenant and subject.
   * @param tenantId null for all tenants
   * @param after the `next` of the page before; null for the first
   */
  list(
    tenantId: string | null,
    after: string | null,
    limit: number,
  ): UsagePage | Promise<UsagePage>;
}

/** Orders subjects by tenant, so that one tenant's lie together. */
export function listPosition(tenantId: string, subject: string): string {
  return `${tenantId}\u0001${subject}`;
}

/** Bounds of a tenant's positions: from the first, inclusive, to the second, exclusive. */
export function tenantRange(tenantId: string): readonly [from: string, to: string] {
  return [`${tenantId}\u0001`, `${tenantId}\u0002`];
}
