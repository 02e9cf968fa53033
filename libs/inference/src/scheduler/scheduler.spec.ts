import { jest } from '@jest/globals';
import { failure, model, ok, setup, tokens } from '../testing/scheduling.js';

describe('dispatch', () => {
  it('sends a lone request at once, without waiting for company', () => {
    const { runtime, submit } = setup();
    void submit([tokens(5)]);
    expect(runtime.running).toHaveLength(1);
  });

  it('gives each item its own row, whatever shares the batch', async () => {
    const { runtime, submit } = setup(1);
    const asked = Array.from({ length: 20 }, (_, i) => submit([tokens(10, i)]));
    await runtime.finishAll();
    for (const [i, promise] of asked.entries()) {
      const [outcome] = await promise;
      expect(ok(outcome).row).toEqual(Float32Array.from(tokens(10, i)));
    }
  });

  it('spreads over idle lanes before any lane holds two batches', () => {
    const { runtime, submit } = setup(2);
    void submit([tokens(5)]);
    void submit([tokens(5)]);
    expect(runtime.lanes.map((lane) => lane.inFlight)).toEqual([1, 1]);
  });

  it('keeps work in the queue while a lane is busy, so that the next batch is formed late', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10)]);
    void submit([tokens(10)]);
    void submit([tokens(10)]);
    expect(runtime.running).toHaveLength(1);
    await runtime.running[0]!.finish();
    expect(runtime.running[0]!.lengths).toEqual([10, 10]);
  });

  it('hands a busy lane one more batch, and only one, when a full batch waits', () => {
    const { runtime, submit } = setup(1);
    for (let i = 0; i < 20; i++) void submit([tokens(10)]);
    expect(runtime.running.map((batch) => batch.lengths.length)).toEqual([1, 4]);
  });

  it('forms the batch behind a long run shortly before that ends, from all that waits then', async () => {
    jest.useFakeTimers({ doNotFake: ['setImmediate'] });
    const { runtime, submit } = setup(1);
    void submit([tokens(40)]);
    await runtime.running[0]!.finish(100);
    void submit([tokens(40)]);
    for (let i = 0; i < 20; i++) void submit([tokens(10)]);
    jest.advanceTimersByTime(96);
    expect(runtime.running).toHaveLength(1);
    jest.advanceTimersByTime(1);
    expect(runtime.running.map((batch) => batch.lengths.length)).toEqual([1, 4]);
    jest.useRealTimers();
  });

  it('does not wait with it where so much waits that it would be no better for it', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(40)]);
    await runtime.running[0]!.finish(20);
    void submit([tokens(40)]);
    for (let i = 0; i < 7; i++) void submit([tokens(10)]);
    expect(runtime.running).toHaveLength(1);
    void submit([tokens(10)]);
    expect(runtime.running.map((batch) => batch.lengths.length)).toEqual([1, 4]);
  });

  it('never mixes models in a batch', async () => {
    const { runtime, submit } = setup(1);
    const other = { ...model, key: 'other@1.0.0' };
    for (let i = 0; i < 6; i++) void submit([tokens(10, i)], {}, i % 2 ? other : model);
    const batches = await runtime.finishAll();
    for (const batch of batches) {
      const parity = batch.key === other.key ? 1 : 0;
      for (const ids of batch.ids) expect(ids[0]! % 2).toBe(parity);
    }
  });

  it('sends nothing to a lane that is not ready, and goes on when one is', async () => {
    const { runtime, submit } = setup(1);
    runtime.lanes[0]!.ready = false;
    const asked = submit([tokens(3)]);
    expect(runtime.running).toHaveLength(0);
    runtime.setReady(runtime.lanes[0]!, true);
    await runtime.finishAll();
    expect(await asked).toHaveLength(1);
  });

  it('reports what the item waited for and with whom it ran', async () => {
    let now = 0;
    const { runtime, submit } = setup(1, { now: () => now });
    void submit([tokens(10)]);
    const asked = Promise.all([submit([tokens(10)]), submit([tokens(9)])]);
    now = 30;
    await runtime.running[0]!.finish(30);
    now = 50;
    await runtime.running[0]!.finish(15);
    const [[first]] = await asked;
    expect(ok(first)).toMatchObject({ queueMs: 35, runMs: 15, batchSize: 2, batchTokens: 20 });
    expect(ok(first).paddingWaste).toBeCloseTo(0.05);
  });
});

describe('priority', () => {
  it('serves interactive requests before bulk work that came first', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10, 1)]);
    void submit([tokens(10, 2)], { priority: 'bulk' });
    void submit([tokens(10, 3)]);
    const order = (await runtime.finishAll()).map((batch) => batch.ids[0]![0]);
    expect(order).toEqual([1, 3, 2]);
  });

  it('does not park bulk work behind a running batch, where interactive work could not pass it', () => {
    const { runtime, submit } = setup(1);
    void submit(
      Array.from({ length: 50 }, () => tokens(10)),
      { priority: 'bulk' },
    );
    expect(runtime.running).toHaveLength(1);
  });

  it('gives bulk work 5 % of the tokens while both wait, and all of them when alone', async () => {
    const { runtime, submit } = setup(1, { maxQueuedItems: Infinity, maxQueueWaitMs: Infinity });
    void submit(
      Array.from({ length: 1_000 }, () => tokens(10, 1)),
      { priority: 'bulk' },
    );
    for (let i = 0; i < 4_000; i++) void submit([tokens(10, 2)]).catch(() => undefined);
    const served = { 1: 0, 2: 0 };
    let contended = true;
    while (runtime.running.length > 0) {
      const batch = runtime.running[0]!;
      await batch.finish();
      const kind = batch.ids[0]![0] as 1 | 2;
      if (contended) served[kind] += batch.ids.length;
      if (served[2] >= 1_900) contended = false;
    }
    const share = served[1] / (served[1] + served[2]);
    expect(share).toBeGreaterThan(0.04);
    expect(share).toBeLessThan(0.06);
  });
});

describe('deadline and abort', () => {
  it('answers 504 at the deadline and never runs the item', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10, 1)]);
    const late = submit([tokens(10, 2)], { deadline: performance.now() + 20 });
    expect((await failure(late)).code).toBe('INFERENCE_TIMEOUT');
    const batches = await runtime.finishAll();
    expect(batches.map((batch) => batch.ids[0]![0])).toEqual([1]);
  });

  it('drops queued work of a caller that left, and the result of work already running', async () => {
    const { runtime, scheduler, submit } = setup(1);
    const caller = new AbortController();
    const running = submit([tokens(10, 1)], { signal: caller.signal });
    const queued = submit([tokens(10, 2)], { signal: caller.signal });
    const other = submit([tokens(10, 3)]);
    caller.abort();
    expect((await failure(running)).code).toBe('CLIENT_CLOSED_REQUEST');
    expect((await failure(queued)).code).toBe('CLIENT_CLOSED_REQUEST');
    const batches = await runtime.finishAll();
    expect(batches.flatMap((batch) => batch.ids.map((ids) => ids[0]))).toEqual([1, 3]);
    await other;
    expect(scheduler.stats().interactive).toEqual({ items: 0, tokens: 0 });
  });

  it('refuses a caller that has left already', async () => {
    const { runtime, submit } = setup(1);
    const error = await failure(submit([tokens(1)], { signal: AbortSignal.abort() }));
    expect(error.code).toBe('CLIENT_CLOSED_REQUEST');
    expect(runtime.running).toHaveLength(0);
  });
});
