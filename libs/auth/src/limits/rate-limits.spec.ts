import { DomainError } from '@app/common';
import { ANONYMOUS, OPERATOR_KEY, type Principal } from '../principal.js';
import { TIER_LIMITS } from '../tiers.js';
import { RateLimits } from './rate-limits.js';
import { refusalError } from './refusal-error.js';

const FREE: Principal = {
  ...OPERATOR_KEY,
  tier: 'free',
  limits: TIER_LIMITS.free,
  limitSubject: 'key:free',
};

function setUp() {
  const clock = { now: 1_700_000_000_000 };
  const log = { warn: () => undefined };
  const limits = new RateLimits({ database: null, redis: null, log, now: () => clock.now });
  return { clock, limits };
}

describe('RateLimits', () => {
  it('decides at once when it counts in memory', () => {
    const { limits } = setUp();
    expect(limits.admit(FREE)).not.toBeInstanceOf(Promise);
    expect(limits.chargeItems(FREE, 1)).toBeUndefined();
  });

  it('neither limits nor counts callers that need no key', async () => {
    const { limits } = setUp();
    for (let i = 0; i < 2_000; i++) expect((await limits.admit(ANONYMOUS)).refusal).toBeNull();
    await limits.chargeItems(ANONYMOUS, 1e9);
    expect((await limits.list(null, null, 10)).total).toBe(0);
  });

  it('says what was exceeded, by how much, and what to do', async () => {
    const { limits } = setUp();
    for (let i = 0; i < 10; i++) (await limits.admit(FREE)).release();
    const refused = refusalError((await limits.admit(FREE)).refusal!);
    expect(refused).toMatchObject({ code: 'RATE_LIMIT_EXCEEDED', retryAfterSeconds: 61 });
    expect(refused.message).toMatch(/10 requests within a minute.*Try again in 61 s/);

    const tooMany = () => limits.chargeItems(FREE, 1_001);
    expect(tooMany).toThrow(/1000 items within a day, and this needs 1001. Send fewer/);
    await limits.chargeItems(FREE, 990);
    expect(() => limits.chargeItems(FREE, 20)).toThrow(/of which 10 are left for 20/);
    try {
      await limits.chargeTokens(FREE, 10_001);
      throw new Error('admitted');
    } catch (error) {
      expect(error).toBeInstanceOf(DomainError);
      expect(error).toMatchObject({ code: 'QUOTA_EXCEEDED', details: { limit: 10_000 } });
    }
  });

  it('serves as storage of the throttler', async () => {
    const { clock, limits } = setUp();
    const hit = () => limits.throttlerStorage.increment('10.0.0.1', 60_000, 2, 60_000, 'minute');
    expect(await hit()).toMatchObject({ totalHits: 1, isBlocked: false, timeToBlockExpire: 0 });
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: false, timeToExpire: 61 });
    clock.now += 30_000;
    expect(await hit()).toMatchObject({ totalHits: 2, isBlocked: true, timeToBlockExpire: 31 });
    clock.now += 31_000;
    expect(await hit()).toMatchObject({ totalHits: 1, isBlocked: false });
  });
});
