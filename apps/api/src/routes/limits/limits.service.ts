import { Injectable } from '@nestjs/common';
import {
  ITEMS_DAY,
  RateLimits,
  REQUESTS_DAY,
  REQUESTS_HOUR,
  REQUESTS_MINUTE,
  tenantScope,
  TOKENS_DAY,
  type LimitKind,
  type Principal,
  type SubjectUsage,
} from '@app/auth';
import { toCursor, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { RateLimitList, RateLimitStatus, WindowStatus } from './limits.dto.js';

/** Between the limits' field names and the library. */
@Injectable()
export class LimitsService {
  constructor(private readonly limits: RateLimits) {}

  async status(principal: Principal): Promise<RateLimitStatus> {
    const usage = await this.limits.usageOf(principal);
    const { tier, limits } = principal;
    return toStatus({ ...usage, policy: { tier, limits } });
  }

  /** Those of the caller's tenant; of every tenant for the default one's administrators. */
  async list(caller: Principal, page: PageRequest): Promise<RateLimitList> {
    const { usages, next, total } = await this.limits.list(
      tenantScope(caller),
      page.after,
      page.limit,
    );
    return {
      data: usages.map((usage) =>
        Object.assign(toStatus(usage), { subject: usage.subject, tenant_id: usage.tenantId }),
      ),
      next_cursor: toCursor(next),
      total,
    };
  }
}

function toStatus(usage: SubjectUsage): RateLimitStatus {
  const { policy, active } = usage;
  return {
    tier: policy?.tier ?? null,
    daily: toWindow(usage, REQUESTS_DAY),
    per_minute: toWindow(usage, REQUESTS_MINUTE),
    per_hour: toWindow(usage, REQUESTS_HOUR),
    items_daily: toWindow(usage, ITEMS_DAY),
    tokens_daily: toWindow(usage, TOKENS_DAY),
    concurrent: { limit: policy?.limits.concurrent ?? null, active },
  };
}

function toWindow({ policy, windows }: SubjectUsage, kind: LimitKind): WindowStatus {
  const limit = policy?.limits[kind.limit] ?? null;
  const { used, resetMs } = windows.get(kind.kind) ?? { used: 0, resetMs: 0 };
  return {
    limit,
    used,
    remaining: limit === null ? null : Math.max(0, limit - used),
    reset: Math.ceil(resetMs / 1_000),
  };
}
