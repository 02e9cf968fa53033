import { apiKeys, quotas, tenants, users } from '../../libs/auth/src/auth.schema.js';
import type { Principal } from '../../libs/auth/src/principal.js';
import { RateLimits } from '../../libs/auth/src/limits/rate-limits.js';
import { TenantWeights } from '../../libs/auth/src/limits/tenant-weights.js';
import { TIER_LIMITS } from '../../libs/auth/src/tiers.js';
import { freshDatabase, type FreshDatabase } from '../../libs/database/src/testing/index.js';

const KEY = '0196f3a2-5b1c-7c3e-9f00-000000000001';
const USER = '0196f3a2-5b1c-7c3e-9f00-000000000002';

describe('use of limits in the database', () => {
  let fresh: FreshDatabase;
  const clock = { now: 1_700_000_000_000 };
  const warnings: string[] = [];

  beforeAll(async () => {
    fresh = await freshDatabase();
    const { db } = fresh.database;
    await db.insert(tenants).values([
      { id: 'north', name: 'North', tier: 'pro', weight: 7 },
      { id: 'south', name: 'South', tier: 'pro' },
    ]);
    await db.insert(apiKeys).values({
      id: KEY,
      tenantId: 'north',
      name: 'k',
      prefix: 'cs',
      hash: Buffer.from('h'),
      tier: 'free',
      permissions: [],
      limits: { perMinute: 3 },
      createdBy: 'test',
    });
    await db
      .insert(users)
      .values({ id: USER, tenantId: 'south', username: 'u', passwordHash: 'h', roles: [] });
  });
  afterAll(() => fresh.drop());

  async function start() {
    const log = { warn: (_: object, message: string) => warnings.push(message) };
    const { database } = fresh;
    const limits = new RateLimits({ database, redis: null, log, now: () => clock.now });
    await limits.open();
    return limits;
  }

  function caller(limitSubject: string, tenantId: string): Principal {
    const limits = { ...TIER_LIMITS.free, perMinute: 3 };
    return { limitSubject, tenantId, tier: 'free', limits, kind: 'key' } as Principal;
  }

  it('knows after a start whose use it was and what they may use, and goes on counting', async () => {
    const first = await start();
    for (let i = 0; i < 2; i++) (await first.admit(caller(`key:${KEY}`, 'north'))).release();
    (await first.admit(caller(`user:${USER}`, 'south'))).release();
    (await first.admit(caller('key:operator', 'default'))).release();
    await first.chargeItems(caller(`key:${KEY}`, 'north'), 600);
    await first.close();

    clock.now += 5_000;
    const second = await start();
    const { usages } = await second.list(null, null, 10);
    expect(usages).toMatchObject([
      { subject: 'key:operator', tenantId: 'default', policy: null },
      {
        subject: `key:${KEY}`,
        tenantId: 'north',
        policy: { tier: 'free', limits: { perMinute: 3, perDay: 100 } },
      },
      { subject: `user:${USER}`, tenantId: 'south', policy: { tier: 'pro' } },
    ]);
    const who = caller(`key:${KEY}`, 'north');
    expect((await second.admit(who)).refusal).toBeNull();
    expect((await second.admit(who)).refusal).toMatchObject({ by: { kind: 'requests_minute' } });
    expect(() => second.chargeItems(who, 401)).toThrow('of which 400 are left');
    await second.close();
  });

  it('removes what counts no more', async () => {
    clock.now += 2 * 86_400_000;
    const limits = await start();
    (await limits.admit(caller('key:new', 'north'))).release();
    await limits.close();
    const rows = await fresh.database.db.select().from(quotas);
    expect([...new Set(rows.map(({ subject }) => subject))]).toEqual(['key:new']);
  });

  it('adds up what two processes write of the same moment', async () => {
    const [a, b] = [await start(), await start()];
    for (const limits of [a, b]) (await limits.admit(caller('key:both', 'north'))).release();
    await Promise.all([a.close(), b.close()]);
    const third = await start();
    const usage = await third.usageOf(caller('key:both', 'north'));
    expect(usage.windows.get('requests_minute')?.used).toBe(2);
    await third.close();
  });

  it('goes on in memory while the database cannot be asked, and writes it down afterwards', async () => {
    const limits = await start();
    const who = caller('key:patient', 'north');
    await fresh.database.pool.query('alter table quotas rename to away');
    (await limits.admit(who)).release();
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(warnings).toEqual(['use of limits cannot be written down']);
    await fresh.database.pool.query('alter table away rename to quotas');
    (await limits.admit(who)).release();
    await limits.close();
    const again = await start();
    expect((await again.usageOf(who)).windows.get('requests_minute')?.used).toBe(2);
    await again.close();
  });

  it('gives tenants their own weight, and unknown ones that of the tier', async () => {
    const weights = new TenantWeights(fresh.database, () => undefined);
    await weights.open();
    expect(['north', 'unknown', 'odd'].map((id) => weights.of(id, 'pro'))).toEqual([7, 4, 4]);
    expect(weights.of('unknown', 'nonsense')).toBe(1);
    weights.close();
  });
});
