import type { Limits } from '../tiers.js';
import { LIMIT_KINDS, type LimitKind } from './limit-kinds.js';
import type {
  LimitSubject,
  Refusal,
  Standing,
  SubjectUsage,
  WindowUsage,
} from './limit-storage.js';
import { BUSY_RETRY_MS } from './local-subject.js';

/** What the script returned. */
export interface Answer {
  /** 0: nothing; -1: too many at once; else the window's number, from 1. */
  readonly refusedBy: number;
  readonly waitMs: number;
  readonly active: number;
  readonly windows: readonly WindowUsage[];
}

export function toAnswer(reply: unknown): Answer {
  const [refusedBy = 0, waitMs = 0, active = 0, ...rest] = reply as number[];
  const windows: WindowUsage[] = [];
  for (let i = 0; i < rest.length; i += 2) {
    windows.push({ used: rest[i] ?? 0, resetMs: rest[i + 1] ?? 0 });
  }
  return { refusedBy, waitMs, active, windows };
}

export function refusalOf(
  limits: Limits,
  kinds: readonly LimitKind[],
  answer: Answer,
): Refusal | null {
  if (answer.refusedBy === 0) return null;
  const by = kinds[answer.refusedBy - 1];
  if (by === undefined) {
    const limit = limits.concurrent ?? 0;
    return { by: 'concurrent', limit, remaining: 0, retryAfterMs: BUSY_RETRY_MS };
  }
  const limit = limits[by.limit] ?? 0;
  const used = answer.windows[answer.refusedBy - 1]?.used ?? 0;
  return { by, limit, remaining: Math.max(0, limit - used), retryAfterMs: answer.waitMs };
}

export function tightestOf(
  limits: Limits,
  kinds: readonly LimitKind[],
  answer: Answer,
): Standing | null {
  let found: Standing | null = null;
  kinds.forEach((kind, i) => {
    const limit = limits[kind.limit];
    const window = answer.windows[i];
    if (limit === null || window === undefined) return;
    const remaining = Math.max(0, limit - window.used);
    if (found !== null && remaining >= found.remaining) return;
    found = { kind, limit, remaining, resetMs: window.resetMs };
  });
  return found;
}

export function usageFrom(
  { limitSubject, tenantId }: LimitSubject,
  policy: SubjectUsage['policy'],
  { active, windows }: Answer,
): SubjectUsage {
  const byKind = LIMIT_KINDS.map((kind, i) => [kind.kind, windows[i]] as const);
  return {
    subject: limitSubject,
    tenantId,
    policy: policy === null ? null : { tier: policy.tier, limits: policy.limits },
    active,
    windows: new Map(byKind.filter((entry): entry is [string, WindowUsage] => !!entry[1])),
  };
}
