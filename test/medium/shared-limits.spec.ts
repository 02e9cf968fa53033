import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { openRedis, type RedisConnection } from '../../libs/redis/src/index.js';
import {
  ITEMS_DAY,
  REQUESTS_MINUTE,
  type LimitKind,
} from '../../libs/auth/src/limits/limit-kinds.js';
import type { LimitSubject } from '../../libs/auth/src/limits/limit-storage.js';
import { LocalLimits } from '../../libs/auth/src/limits/local-limits.js';
import { SharedLimits } from '../../libs/auth/src/limits/shared-limits.js';
import type { Limits } from '../../libs/auth/src/tiers.js';
import { describeWithRedis, TestRedis } from '../support/redis.js';

const NONE: Limits = {
  perMinute: null,
  perHour: null,
  perDay: null,
  concurrent: null,
  itemsPerDay: null,
  tokensPerDay: null,
};

let serial = 0;

function caller(limits: Partial<Limits>, tenantId = 'default'): LimitSubject {
  const limitSubject = `key:${++serial}`;
  return { limitSubject, tenantId, tier: 'pro', limits: { ...NONE, ...limits } };
}

describeWithRedis('limits that processes share', () => {
  let redis: TestRedis;
  const open: { connection: RedisConnection; limits: SharedLimits }[] = [];

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterEach(async () => {
    for (const { connection, limits } of open.splice(0)) {
      await limits.close();
      await connection.close();
    }
  });
  afterAll(() => redis.remove());

  /** What one process would have. */
  async function instance(patienceMs = 2_000) {
    const warnings: unknown[] = [];
    const log = { info: () => undefined, warn: () => undefined };
    const connection = await openRedis({ url: redis.url, log, startTimeoutMs: 2_000 });
    const local = new LocalLimits({ now: Date.now, saves: false });
    const onAway = (error: unknown) => warnings.push(error);
    const limits = new SharedLimits({ redis: connection, local, onAway, patienceMs });
    await limits.open();
    open.push({ connection, limits });
    return { limits, local, warnings };
  }

  it('admits exactly the limit of many at once, whichever instance they ask', async () => {
    const [a, b] = [await instance(), await instance()];
    const who = caller({ perMinute: 57, perDay: 1_000 });
    const asked = Array.from({ length: 200 }, async (_, i) => (i % 2 ? a : b).limits.admit(who));
    const answers = await Promise.all(asked);
    expect(answers.filter(({ refusal }) => refusal === null)).toHaveLength(57);
    const refused = answers.find(({ refusal }) => refusal !== null);
    expect(refused?.refusal).toMatchObject({ by: REQUESTS_MINUTE, limit: 57, remaining: 0 });
    expect(refused?.refusal?.retryAfterMs).toBeGreaterThan(58_000);
    expect(refused?.refusal?.retryAfterMs).toBeLessThanOrEqual(61_000);
    const usage = await b.limits.usageOf(who);
    expect(usage.windows.get('requests_day')?.used).toBe(57);
    expect(a.warnings.concat(b.warnings)).toEqual([]);
  });

  it('admits no more than the limit in any window, wherever it begins', async () => {
    const { limits } = await instance();
    // A window so short that the test sees it slide.
    const shape = { lengthMs: 600, slices: 12 };
    const admitted: number[] = [];
    const end = performance.now() + 2_500;
    while (performance.now() < end) {
      const hit = await limits.hit('sliding', shape, 20);
      if (hit.admitted) admitted.push(performance.now());
      else await sleep(Math.min(hit.retryAfterMs, 7));
    }
    for (const at of admitted) {
      // Between the decision and the note of its time lies a little.
      const within = admitted.filter((other) => other <= at && other > at - 590);
      expect(within.length).toBeLessThanOrEqual(20);
    }
    // Bursts of 20 every 650 ms at the latest.
    expect(admitted.length).toBeGreaterThanOrEqual(60);
  });

  it('foretells when there is room again', async () => {
    const { limits } = await instance();
    const shape = { lengthMs: 600, slices: 12 };
    for (let i = 0; i < 5; i++) await limits.hit('room', shape, 5);
    const refused = await limits.hit('room', shape, 5);
    expect(refused).toMatchObject({ admitted: false, used: 5 });
    await sleep(refused.retryAfterMs - 20);
    expect((await limits.hit('room', shape, 5)).admitted).toBe(false);
    await sleep(25);
    expect((await limits.hit('room', shape, 5)).admitted).toBe(true);
  });

  it('charges items all or nothing', async () => {
    const [a, b] = [await instance(), await instance()];
    const who = caller({ itemsPerDay: 100 });
    const charge = (at: typeof a, kind: LimitKind, n: number) => at.limits.charge(who, kind, n);
    expect(await charge(a, ITEMS_DAY, 60)).toBeNull();
    expect(await charge(b, ITEMS_DAY, 41)).toMatchObject({ by: ITEMS_DAY, remaining: 40 });
    expect(await charge(b, ITEMS_DAY, 40)).toBeNull();
    expect(await charge(a, ITEMS_DAY, 1)).toMatchObject({ remaining: 0 });
  });

  it('lets only so many be answered at once over all instances, and gives places back', async () => {
    const [a, b] = [await instance(), await instance()];
    const who = caller({ concurrent: 3 });
    const held = [await a.limits.admit(who), await b.limits.admit(who), await a.limits.admit(who)];
    expect((await b.limits.admit(who)).refusal).toMatchObject({ by: 'concurrent', limit: 3 });
    held[0]!.release();
    held[0]!.release();
    await sleep(20);
    expect((await b.limits.admit(who)).refusal).toBeNull();
    expect((await a.limits.admit(who)).refusal).toMatchObject({ by: 'concurrent' });
    // What an instance that ends had let in takes no place any more.
    await a.limits.close();
    expect((await b.limits.usageOf(who)).active).toBe(2);
  });

  it('lists callers in pages, of one tenant or of all, and forgets those whose counts are gone', async () => {
    const { limits } = await instance();
    const client = new Redis(redis.url);
    await client.flushall();
    const subjects = ['n', 'n', 'n', 's', 's'].map((tenant) => caller({ perMinute: 5 }, tenant));
    for (const who of subjects) (await limits.admit(who)).release();
    const first = await limits.list(null, null, 2);
    expect(first).toMatchObject({ total: 5, usages: [{ tenantId: 'n' }, { tenantId: 'n' }] });
    expect(first.usages[0]).toMatchObject({ policy: { tier: 'pro', limits: { perMinute: 5 } } });
    const second = await limits.list(null, first.next, 2);
    const third = await limits.list(null, second.next, 2);
    expect(third.next).toBeNull();
    const all = [first, second, third].flatMap(({ usages }) => usages.map((u) => u.subject));
    expect(all.sort()).toEqual(subjects.map((who) => who.limitSubject).sort());
    const own = { total: 2, next: null, usages: [{ tenantId: 's' }, { tenantId: 's' }] };
    expect(await limits.list('s', null, 10)).toMatchObject(own);
    // Whatever a caller makes up as a cursor: what sorts before the tenant, in it, and after it.
    expect(await limits.list('s', '0', 10)).toMatchObject(own);
    const [earlier] = (await limits.list('s', null, 1)).usages;
    const later = await limits.list('s', `s\u0001${earlier!.subject}`, 10);
    expect(later).toMatchObject({ usages: [{ tenantId: 's' }] });
    expect((await limits.list('n', 's', 10)).usages).toEqual([]);
    await client.del(`clinserve:limits:${subjects[4]!.limitSubject}`);
    expect((await limits.list('s', null, 10)).usages).toHaveLength(1);
    expect((await limits.list('s', null, 10)).total).toBe(1);
    client.disconnect();
  });

  it('keeps nothing for ever', async () => {
    const { limits } = await instance();
    const who = caller({ perMinute: 5, concurrent: 5 });
    await limits.admit(who);
    await limits.hit('kept', { lengthMs: 60_000, slices: 60 }, 5);
    const client = new Redis(redis.url);
    const names = (await client.keys('*')).filter((name) => !name.endsWith(':subjects'));
    expect(names).toHaveLength((await client.dbsize()) - 1);
    for (const name of names) expect(await client.pttl(name)).toBeGreaterThan(0);
    client.disconnect();
  });

  it('goes on alone, within 50 ms, while Redis hangs or is away, and returns to it', async () => {
    const { limits, warnings } = await instance(50);
    const who = caller({ perMinute: 30 });
    const ask = async () => {
      const start = performance.now();
      const admission = await limits.admit(who);
      admission.release();
      return { admitted: admission.refusal === null, ms: performance.now() - start };
    };
    for (let i = 0; i < 10; i++) expect((await ask()).admitted).toBe(true);

    redis.pause();
    const hanging = [];
    for (let i = 0; i < 15; i++) hanging.push(await ask());
    expect(hanging.every(({ admitted }) => admitted)).toBe(true);
    expect(Math.max(...hanging.map(({ ms }) => ms))).toBeLessThan(150);
    // The first waits; the others do not try again at once.
    expect(hanging.filter(({ ms }) => ms > 40)).toHaveLength(1);
    redis.resume();

    await redis.kill();
    const alone = [];
    for (let i = 0; i < 15; i++) alone.push(await ask());
    // It knows the ten that Redis had admitted: 10 + 15 + 5 are the limit.
    expect(alone.filter(({ admitted }) => admitted)).toHaveLength(5);
    expect(Math.max(...alone.map(({ ms }) => ms))).toBeLessThan(150);
    expect(warnings).toHaveLength(1);

    await redis.up();
    await sleep(2_500);
    expect((await ask()).admitted).toBe(true);
    await redis.kill();
    await sleep(50);
    await ask();
    expect(warnings).toHaveLength(2);
    await redis.up();
  }, 20_000);

  it('starts without a server that is away, and refuses one that refuses it', async () => {
    const log = { info: () => undefined, warn: () => undefined };
    const away = await openRedis({ url: 'redis://127.0.0.1:9', log, startTimeoutMs: 50 });
    expect(away.isReady).toBe(false);
    expect(await away.probe.check()).toMatchObject({ status: 'unhealthy' });
    await away.close();
    const locked = await TestRedis.start({ password: 'sesame' });
    const wrong = locked.url.replace('sesame', 'wrong');
    await expect(openRedis({ url: wrong, log })).rejects.toThrow(/WRONGPASS.*REDIS_URL/);
    const without = locked.url.replace(':sesame@', '');
    await expect(openRedis({ url: without, log })).rejects.toThrow(/NOAUTH.*REDIS_URL/);
    const right = await openRedis({ url: locked.url, log });
    expect(await right.probe.check()).toMatchObject({ status: 'healthy' });
    await right.close();
    await locked.remove();
  });
});
