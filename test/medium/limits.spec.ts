import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { freshDatabase, type FreshDatabase } from '../../libs/database/src/testing/index.js';
import { LimitsProcess } from '../support/limits-process.js';
import { describeWithRedis, TestRedis } from '../support/redis.js';

const NONE = {
  perMinute: null,
  perHour: null,
  perDay: null,
  concurrent: null,
  itemsPerDay: null,
  tokensPerDay: null,
};

const processes: LimitsProcess[] = [];

async function start(...how: Parameters<typeof LimitsProcess.start>): Promise<LimitsProcess> {
  const started = await LimitsProcess.start(...how);
  processes.push(started);
  return started;
}

afterEach(async () => {
  for (const process of processes.splice(0)) await process.kill();
});

describeWithRedis('limits of two processes on one Redis', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await TestRedis.start();
  });
  afterAll(() => redis.remove());

  it.each([
    ['minute', { ...NONE, perMinute: 73, perDay: 10_000 }],
    ['day', { ...NONE, perMinute: 10_000, perDay: 73 }],
  ])('admit exactly the limit of a %s out of 200 requests at once', async (_, limits) => {
    await start('redis', redis.url, limits);
    await start('redis', redis.url, limits);
    for (const process of processes) process.ask(100);
    for (const process of processes) await process.until((line) => line.admitted !== undefined);
    const lines = processes.flatMap((process) => process.lines);
    const admitted = lines.reduce((sum, line) => sum + (line.admitted ?? 0), 0);
    expect(admitted).toBe(73);
    expect(lines.filter((line) => line.message !== undefined)).toEqual([]);
    const client = new Redis(redis.url);
    await client.flushall();
    client.disconnect();
  });
});

describe('limits of one process that writes its counts down', () => {
  let database: FreshDatabase;

  beforeEach(async () => {
    database = await freshDatabase();
  });
  afterEach(() => database.drop());

  it('admit, over a kill -9, no more than the limit and what one second admitted', async () => {
    const limits = { ...NONE, perMinute: 1_000, perDay: 1_000 };
    const first = await start('database', database.url, limits);
    first.ask(100_000);
    await sleep(2_600);
    await first.kill();
    const killedAt = first.admitted.at(-1)?.at ?? 0;
    const lastSecond = first.admitted.filter(({ at = 0 }) => at > killedAt - 1_000).length;
    // Enough for the loss to show, and not the whole limit.
    expect(first.admitted.length).toBeGreaterThan(lastSecond);
    expect(first.admitted.length).toBeLessThan(1_000);

    const second = await start('database', database.url, limits);
    second.ask(1_000);
    await second.until((line) => line.done === true);
    const admitted = first.admitted.length + second.admitted.length;
    expect(admitted).toBeGreaterThanOrEqual(1_000);
    expect(admitted).toBeLessThanOrEqual(1_000 + lastSecond);
    await second.end();
  });

  it('lose nothing when the process ends in order', async () => {
    const limits = { ...NONE, perMinute: 50 };
    const first = await start('database', database.url, limits);
    first.ask(30);
    await first.until((line) => line.done === true);
    await first.end();
    const second = await start('database', database.url, limits);
    second.ask(50);
    await second.until((line) => line.done === true);
    expect([first, second].map(({ admitted }) => admitted.length)).toEqual([30, 20]);
    await second.end();
  });
});
