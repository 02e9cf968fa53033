import type { Limits } from '../tiers.js';
import type { WindowShape } from './sliding-window.js';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** One thing that is counted over one length of time. */
export interface LimitKind {
  /** As stored. */
  readonly kind: string;
  /** As callers read it in `RateLimit-Policy`. */
  readonly name: string;
  /** The limit it is held to. */
  readonly limit: keyof Limits;
  readonly shape: WindowShape;
  /** `concurrent` and short windows are a pace to keep; a day's use is a quota. */
  readonly isQuota: boolean;
}

const MINUTE_SHAPE: WindowShape = { lengthMs: MINUTE, slices: 60 };
const HOUR_SHAPE: WindowShape = { lengthMs: HOUR, slices: 60 };
const DAY_SHAPE: WindowShape = { lengthMs: DAY, slices: 96 };

export const REQUESTS_MINUTE: LimitKind = {
  kind: 'requests_minute',
  name: 'minute',
  limit: 'perMinute',
  shape: MINUTE_SHAPE,
  isQuota: false,
};
export const REQUESTS_HOUR: LimitKind = {
  kind: 'requests_hour',
  name: 'hour',
  limit: 'perHour',
  shape: HOUR_SHAPE,
  isQuota: false,
};
export const REQUESTS_DAY: LimitKind = {
  kind: 'requests_day',
  name: 'day',
  limit: 'perDay',
  shape: DAY_SHAPE,
  isQuota: true,
};
export const ITEMS_DAY: LimitKind = {
  kind: 'items_day',
  name: 'items-day',
  limit: 'itemsPerDay',
  shape: DAY_SHAPE,
  isQuota: true,
};
export const TOKENS_DAY: LimitKind = {
  kind: 'tokens_day',
  name: 'tokens-day',
  limit: 'tokensPerDay',
  shape: DAY_SHAPE,
  isQuota: true,
};

/** Everything that a request is counted in, shortest window first. */
export const REQUEST_KINDS = [REQUESTS_MINUTE, REQUESTS_HOUR, REQUESTS_DAY] as const;
export const LIMIT_KINDS = [...REQUEST_KINDS, ITEMS_DAY, TOKENS_DAY] as const;
