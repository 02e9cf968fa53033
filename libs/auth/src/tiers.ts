import type { KeyLimits } from './auth.schema.js';

export const TIERS = ['free', 'pro', 'enterprise'] as const;
export type Tier = (typeof TIERS)[number];

/** Requests and items a caller may make; null means no limit. */
export type Limits = Required<KeyLimits>;

/** What each tier allows. A batch request or a job counts as one request, its items as items. */
export const TIER_LIMITS: Readonly<Record<Tier, Limits>> = {
  free: {
    perMinute: 10,
    perHour: null,
    perDay: 100,
    concurrent: 4,
    itemsPerDay: 1_000,
    tokensPerDay: 10_000,
  },
  pro: {
    perMinute: 100,
    perHour: null,
    perDay: 10_000,
    concurrent: 32,
    itemsPerDay: 1_000_000,
    tokensPerDay: 1_000_000,
  },
  enterprise: {
    perMinute: 1_000,
    perHour: null,
    perDay: null,
    concurrent: 256,
    itemsPerDay: null,
    tokensPerDay: null,
  },
};

/** Share in the scheduler of a tenant of each tier, relative to others. */
export const TIER_WEIGHTS: Readonly<Record<Tier, number>> = { free: 1, pro: 4, enterprise: 16 };

export function isTier(text: string): text is Tier {
  return (TIERS as readonly string[]).includes(text);
}

/** A tier's limits with those that a key has of its own. */
export function limitsOf(tier: Tier, own: KeyLimits | null): Limits {
  const limits: { -readonly [Name in keyof Limits]: Limits[Name] } = { ...TIER_LIMITS[tier] };
  for (const name of Object.keys(limits) as (keyof Limits)[]) {
    const value = own?.[name];
    if (value !== undefined) limits[name] = value;
  }
  return limits;
}
