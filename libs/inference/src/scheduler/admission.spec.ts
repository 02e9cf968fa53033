import type { ManualRuntime } from '../testing/manual-runtime.js';
import { failure, ok, setup, tokens } from '../testing/scheduling.js';

/** Has the scheduler learn that a token takes 10 ms. */
async function learnSpeed(
  runtime: ManualRuntime,
  submit: ReturnType<typeof setup>['submit'],
): Promise<void> {
  void submit([tokens(40)], { tenantId: 'greedy' });
  await runtime.running[0]!.finish(400);
}

describe('admission', () => {
  it('refuses at once with a Retry-After when the queue is full', async () => {
    const { submit, occupy, refused } = setup(1, { maxQueuedItems: 3 });
    occupy();
    for (let i = 0; i < 3; i++) void submit([tokens(30)]);
    const error = await failure(submit([tokens(30)]));
    expect(error).toMatchObject({ code: 'OVERLOADED' });
    expect(error.retryAfterSeconds).toBeGreaterThanOrEqual(1);
    expect(refused).toEqual(['queue_full']);
  });

  it('bounds the queue in tokens, too', async () => {
    const { submit, occupy } = setup(1, { maxQueuedTokens: 100 });
    occupy();
    void submit([tokens(60)]);
    expect((await failure(submit([tokens(60)]))).code).toBe('OVERLOADED');
    void submit([tokens(40)]);
  });

  it('admits a request of many items whole or not at all', async () => {
    const { scheduler, submit, occupy } = setup(1, { maxQueuedItems: 5 });
    occupy();
    void submit([tokens(30), tokens(30), tokens(30)]);
    await failure(submit([tokens(30), tokens(30), tokens(30)]));
    expect(scheduler.stats().interactive.items).toBe(3);
  });

  it('lets a request larger than the bounds into an empty queue: it could never run otherwise', async () => {
    const { runtime, submit } = setup(1, { maxQueuedTokens: 50 });
    const asked = submit(Array.from({ length: 10 }, () => tokens(30)));
    await runtime.finishAll();
    expect(await asked).toHaveLength(10);
  });

  it('refuses a caller whose deadline would pass in the queue, and says how long the wait is', async () => {
    let now = 0;
    const { runtime, submit } = setup(1, { now: () => now, maxQueueWaitMs: 60_000 });
    void submit([tokens(10)], {});
    now = 1_000;
    await runtime.finishAll(1_000);
    for (let i = 0; i < 5; i++) void submit([tokens(10)], {});
    const error = await failure(submit([tokens(10)], { deadline: now + 2_000 }));
    expect(error).toMatchObject({ code: 'OVERLOADED', retryAfterSeconds: 5 });
  });

  it('tells a caller whose deadline has passed that it has, not that the service is busy', async () => {
    const { submit, occupy, refused } = setup(1, { now: () => 1_000, maxQueuedItems: 1 });
    const late = () => failure(submit([tokens(10)], { deadline: 999 }));
    expect(await late()).toMatchObject({ code: 'INFERENCE_TIMEOUT' });
    occupy();
    void submit([tokens(30)]);
    expect(await late()).toMatchObject({ code: 'INFERENCE_TIMEOUT' });
    expect(refused).toEqual([]);
  });

  it('does not hold what another tenant has queued against one that is due next', async () => {
    let now = 0;
    const { runtime, scheduler, submit } = setup(1, { now: () => now });
    await learnSpeed(runtime, submit);
    for (let i = 0; i < 20; i++) void submit([tokens(40, 1)], { tenantId: 'greedy' });
    now = 200;
    // 200 ms are left of the running batch.
    const soon = { tenantId: 'modest', deadline: now + 250 };
    const asked = submit([tokens(40, 2)], soon);
    expect(scheduler.stats().interactive.items).toBe(20);
    const refused = failure(submit([tokens(40)], { tenantId: 'greedy', deadline: now + 250 }));
    expect((await refused).code).toBe('OVERLOADED');
    const tooSoon = { tenantId: 'third', deadline: now + 150 };
    expect(await failure(submit([tokens(40)], tooSoon))).toMatchObject({ code: 'OVERLOADED' });
    await runtime.running[0]!.finish(400);
    expect(runtime.running[0]!.ids[0]![0]).toBe(2);
    await runtime.finishAll();
    ok((await asked)[0]);
  });

  it('estimates the wait behind own work by the share of the device a tenant is due', async () => {
    const { runtime, submit } = setup(1, { now: () => 0, maxQueueWaitMs: 60_000 });
    await learnSpeed(runtime, submit);
    for (let i = 0; i < 50; i++) void submit([tokens(40)], { tenantId: 'greedy', weight: 3 });
    const ask = (deadline: number) =>
      submit([tokens(40)], { tenantId: 'modest', weight: 1, deadline });
    void ask(Infinity);
    // 400 ms of a running batch, then the one that waits and three of the other tenant's.
    expect((await failure(ask(1_900))).retryAfterSeconds).toBe(2);
    const admitted = ask(2_100);
    await runtime.finishAll();
    ok((await admitted)[0]);
  });

  it('counts the turns of the many who have as little queued as the caller', async () => {
    const { runtime, submit } = setup(1, { now: () => 0, maxQueueWaitMs: 60_000 });
    await learnSpeed(runtime, submit);
    const ask = (i: number, deadline = Infinity) =>
      submit([tokens(40)], { tenantId: `tenant-${i}`, deadline });
    for (let i = 0; i < 20; i++) void ask(i);
    expect((await failure(ask(20, 5_000))).code).toBe('OVERLOADED');
    const admitted = ask(21, 9_000);
    await runtime.finishAll();
    ok((await admitted)[0]);
  });

  it('keeps an eighth more places for tenants that hold no more than their share', async () => {
    const { scheduler, submit, occupy } = setup(1, { maxQueuedItems: 16 });
    occupy();
    const greedy = { tenantId: 'greedy' };
    const modest = { tenantId: 'modest' };
    for (let i = 0; i < 16; i++) void submit([tokens(30)], greedy);
    expect((await failure(submit([tokens(30)], greedy))).code).toBe('OVERLOADED');
    void submit([tokens(30)], modest);
    expect((await failure(submit([tokens(30)], greedy))).code).toBe('OVERLOADED');
    expect(scheduler.overload()).toBeNull();
    void submit([tokens(30)], modest);
    expect((await failure(submit([tokens(30)], modest))).code).toBe('OVERLOADED');
    expect(scheduler.overload()).toMatchObject({ code: 'OVERLOADED' });
  });

  it('gives none of them to a tenant that holds its share already', async () => {
    const { submit, occupy } = setup(1, { maxQueuedItems: 16 });
    occupy();
    for (let i = 0; i < 4; i++) void submit([tokens(30)], { tenantId: 'light', weight: 1 });
    for (let i = 0; i < 12; i++) void submit([tokens(30)], { tenantId: 'heavy', weight: 6 });
    const light = failure(submit([tokens(30)], { tenantId: 'light', weight: 1 }));
    expect((await light).code).toBe('OVERLOADED');
    void submit([tokens(30)], { tenantId: 'heavy', weight: 6 });
  });

  it('tells before a body is read that a tenant would be refused, where it is known', () => {
    const { scheduler, submit, occupy } = setup(1, { maxQueuedItems: 16 });
    occupy();
    for (let i = 0; i < 15; i++) void submit([tokens(30)]);
    expect(scheduler.overload('default')).toBeNull();
    void submit([tokens(30)]);
    expect(scheduler.overload('default')).toMatchObject({ code: 'OVERLOADED' });
  });

  it('turns nobody away for the flood of the only tenant that has come so far', async () => {
    const { scheduler, submit, occupy } = setup(1, { maxQueuedItems: 16 });
    occupy();
    for (let i = 0; i < 16; i++) void submit([tokens(30)]);
    expect((await failure(submit([tokens(30)]))).code).toBe('OVERLOADED');
    expect(scheduler.overload()).toBeNull();
    void submit([tokens(30)], { tenantId: 'newcomer' });
    expect(scheduler.stats().interactive.items).toBe(17);
  });

  it('does not count waiting bulk work against interactive callers', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10)]);
    await runtime.finishAll(1_000);
    void submit(
      Array.from({ length: 100 }, () => tokens(10)),
      { priority: 'bulk' },
    );
    const asked = submit([tokens(10)]);
    await runtime.finishAll();
    expect(await asked).toHaveLength(1);
  });

  it('makes bulk callers wait for room instead, in order', async () => {
    const { runtime, scheduler, submit } = setup(1, { maxBulkTokens: 50 });
    const order: number[] = [];
    const asked = [1, 2, 3].map((n) =>
      submit(
        Array.from({ length: 5 }, () => tokens(10, n)),
        { priority: 'bulk' },
      ).then(() => order.push(n)),
    );
    expect(scheduler.stats().bulk).toMatchObject({ items: 1, atGate: 2 });
    await runtime.finishAll();
    await Promise.all(asked);
    expect(order).toEqual([1, 2, 3]);
  });

  it('lets bulk work in by the weights of its tenants, not in order of arrival', async () => {
    const { runtime, submit } = setup(1, { maxBulkTokens: 200 });
    // Of different lengths, so that a batch never holds both tenants.
    const flood = (tenantId: string, weight: number, length: number, id: number) => {
      for (let i = 0; i < 400; i++) {
        void submit([tokens(length, id)], { tenantId, weight, priority: 'bulk' });
      }
    };
    flood('first', 1, 20, 1);
    flood('second', 3, 10, 2);
    const served = [0, 0, 0];
    for (let i = 0; i < 100; i++) {
      const batch = runtime.running[0]!;
      served[batch.ids[0]![0]!]! += batch.lengths.reduce((sum, length) => sum + length, 0);
      await batch.finish();
    }
    expect(served[2]! / (served[1]! + served[2]!)).toBeCloseTo(0.75, 1);
  });

  it('lets a waiting bulk caller give up', async () => {
    const { scheduler, submit } = setup(1, { maxBulkTokens: 20 });
    const caller = new AbortController();
    void submit([tokens(20), tokens(20)], { priority: 'bulk' });
    const asked = submit([tokens(20)], { priority: 'bulk', signal: caller.signal });
    const late = submit([tokens(20)], { priority: 'bulk', deadline: performance.now() + 10 });
    caller.abort();
    expect((await failure(asked)).code).toBe('CLIENT_CLOSED_REQUEST');
    expect((await failure(late)).code).toBe('INFERENCE_TIMEOUT');
    expect(scheduler.stats().bulk.atGate).toBe(0);
  });
});
