import type { Limits, Principal, Refusal, Standing } from '@app/auth';
import { REQUEST_KINDS, type LimitKind } from '@app/auth';
import type { EdgeResponse } from '../adapter/exchange.js';

/** `RateLimit-Policy` of every set of limits in use; null for one without any. */
const policies = new WeakMap<Limits, string | null>();

/** The limits that a caller has and where they stand in the one with the least left. */
export function setLimitHeaders(
  response: EdgeResponse,
  { tier, limits }: Principal,
  standing: Standing | null,
): void {
  const policy = policyOf(limits);
  if (policy !== null) response.setHeader('RateLimit-Policy', policy);
  response.setHeader('X-RateLimit-Tier', tier);
  if (standing === null) return;
  const reset = Math.ceil(standing.resetMs / 1_000);
  const { kind, limit, remaining } = standing;
  setStanding(response, kind.name, limit, remaining, reset);
}

/** The limit that refused, and when there is room again. */
export function setRefusalHeaders(response: EdgeResponse, refusal: Refusal): void {
  const { by, limit, remaining, retryAfterMs } = refusal;
  const name = by === 'concurrent' ? by : by.name;
  setStanding(response, name, limit, remaining, Math.ceil(retryAfterMs / 1_000));
}

function setStanding(
  response: EdgeResponse,
  name: string,
  limit: number,
  remaining: number,
  reset: number,
): void {
  response.setHeader('RateLimit', `"${name}";r=${remaining};t=${reset}`);
  response.setHeader('X-RateLimit-Limit', limit);
  response.setHeader('X-RateLimit-Remaining', remaining);
  response.setHeader('X-RateLimit-Reset', reset);
}

/** Structured fields of the IETF's RateLimit draft: `"minute";q=10;w=60, "day";q=100;w=86400`. */
function policyOf(limits: Limits): string | null {
  let policy = policies.get(limits);
  if (policy === undefined) {
    policy = describe(limits);
    policies.set(limits, policy);
  }
  return policy;
}

function describe(limits: Limits): string | null {
  const entries = REQUEST_KINDS.flatMap((kind: LimitKind) => {
    const quota = limits[kind.limit];
    return quota === null ? [] : [`"${kind.name}";q=${quota};w=${kind.shape.lengthMs / 1_000}`];
  });
  if (limits.concurrent !== null) {
    entries.push(`"concurrent";q=${limits.concurrent};qu="concurrent-requests"`);
  }
  return entries.length === 0 ? null : entries.join(', ');
}
