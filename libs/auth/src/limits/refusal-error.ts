import { DomainError } from '@app/common';
import type { LimitKind } from './limit-kinds.js';
import type { Refusal } from './limit-storage.js';

const COUNTED: Readonly<Record<string, string>> = {
  requests_minute: 'requests within a minute',
  requests_hour: 'requests within an hour',
  requests_day: 'requests within a day',
  items_day: 'items within a day',
  tokens_day: 'tokens within a day',
};

/** What a refused caller is told: RATE_LIMIT_EXCEEDED for a pace, QUOTA_EXCEEDED for a day's quota. */
export function refusalError(refusal: Refusal, amount = 1): DomainError {
  const { by, limit, remaining, retryAfterMs } = refusal;
  const retryAfterSeconds = Math.ceil(retryAfterMs / 1_000);
  const details = { limit, remaining, window: by === 'concurrent' ? by : by.name };
  if (by === 'concurrent') {
    return new DomainError(
      'RATE_LIMIT_EXCEEDED',
      `${limit} requests of yours are being answered, and no more are allowed at once. Send the next when one has been answered, or ask for a higher limit.`,
      { retryAfterSeconds, details },
    );
  }
  return new DomainError(
    by.isQuota ? 'QUOTA_EXCEEDED' : 'RATE_LIMIT_EXCEEDED',
    whatToDo(by, limit, remaining, amount, retryAfterSeconds),
    { retryAfterSeconds, details },
  );
}

function whatToDo(
  by: LimitKind,
  limit: number,
  remaining: number,
  amount: number,
  seconds: number,
): string {
  const allowed = `You are allowed ${limit} ${COUNTED[by.kind] ?? by.name}`;
  if (amount > limit) {
    return `${allowed}, and this needs ${amount}. Send fewer at once, or ask for a higher limit.`;
  }
  const left = amount === 1 ? 'which are used up' : `of which ${remaining} are left for ${amount}`;
  return `${allowed}, ${left}. Try again in ${seconds} s, or ask for a higher limit.`;
}
