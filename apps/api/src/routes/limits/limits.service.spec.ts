import { OPERATOR_KEY, RateLimits, TIER_LIMITS, type Principal } from '@app/auth';
import { LimitsService } from './limits.service.js';

function caller(id: string, tenantId = 'default'): Principal {
  const limits = { ...TIER_LIMITS.free, perHour: 50 };
  return { ...OPERATOR_KEY, tenantId, tier: 'free', limits, limitSubject: `key:${id}` };
}

describe('LimitsService', () => {
  const limits = new RateLimits({
    database: null,
    redis: null,
    log: { warn: () => undefined },
    now: () => 1_700_000_000_000,
  });
  const service = new LimitsService(limits);

  it('tells a caller what they may use and have used', async () => {
    await limits.admit(caller('a'));
    await limits.admit(caller('a'));
    await limits.chargeItems(caller('a'), 30);
    const unused = { used: 0, reset: 0 };
    expect(await service.status(caller('a'))).toEqual({
      tier: 'free',
      daily: { limit: 100, used: 2, remaining: 98, reset: expect.any(Number) },
      per_minute: { limit: 10, used: 2, remaining: 8, reset: 61 },
      per_hour: { limit: 50, used: 2, remaining: 48, reset: expect.any(Number) },
      items_daily: { limit: 1_000, used: 30, remaining: 970, reset: expect.any(Number) },
      tokens_daily: { limit: 10_000, remaining: 10_000, ...unused },
      concurrent: { limit: 4, active: 2 },
    });
    expect((await service.status(caller('new'))).daily).toEqual({
      limit: 100,
      remaining: 100,
      ...unused,
    });
  });

  it('shows administrators their tenant’s callers, those of the default tenant all', async () => {
    await limits.admit(caller('b', 'north'));
    await limits.admit(caller('c', 'north'));
    await limits.admit(caller('d', 'south'));
    const admin = (tenantId: string) => ({
      ...caller('admin', tenantId),
      permissions: new Set(['limits:admin']),
    });
    const first = await service.list(admin('north'), { limit: 1, after: null });
    expect(first.total).toBe(2);
    expect(first.data).toMatchObject([{ subject: 'key:b', tenant_id: 'north', tier: 'free' }]);
    const after = Buffer.from(first.next_cursor!, 'base64url').toString();
    const second = await service.list(admin('north'), { limit: 1, after });
    expect(second).toMatchObject({ data: [{ subject: 'key:c' }], next_cursor: null });
    expect((await service.list(admin('default'), { limit: 100, after: null })).total).toBe(4);
  });
});
