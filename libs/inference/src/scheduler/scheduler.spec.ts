import { jest } from '@jest/globals';
import { DomainError } from '@app/common';
import { LaneDiedError, RunFailedError } from '../runtime/runtime.js';
import { ManualRuntime } from '../testing/manual-runtime.js';
import type { SchedulerOptions } from './scheduler-options.js';
import { Scheduler } from './scheduler.js';
import type { ItemOutcome, ItemResult, ScheduledModel, SubmitContext } from './work.js';

const model: ScheduledModel = {
  key: 'assertion@1.0.0',
  budget: { maxBatchTokens: 40, maxPaddingWaste: 0.1 },
};

const context = (overrides: Partial<SubmitContext> = {}): SubmitContext => ({
  tenantId: 'default',
  priority: 'interactive',
  deadline: Infinity,
  signal: new AbortController().signal,
  ...overrides,
});

const tokens = (length: number, id = 7) => new Int32Array(length).fill(id);

function setup(laneCount = 1, options: Partial<SchedulerOptions> = {}) {
  const runtime = new ManualRuntime(laneCount);
  const refused: string[] = [];
  const scheduler = new Scheduler(runtime, options, { onRefused: (why) => refused.push(why) });
  const submit = (items: Int32Array[], overrides: Partial<SubmitContext> = {}, m = model) =>
    scheduler.submit(m, items, context(overrides));
  /** Occupies every lane with a running batch and one behind it, so that what follows must queue. */
  const occupy = () => {
    for (let i = 0; i < 2 * laneCount; i++) void submit([tokens(40, 99)]);
  };
  return { runtime, scheduler, submit, occupy, refused };
}

const failure = (promise: Promise<unknown>): Promise<DomainError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error as DomainError,
  );

const ok = (outcome: ItemOutcome | undefined): ItemResult => {
  if (!outcome || outcome instanceof DomainError) throw new Error('the item failed');
  return outcome;
};

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

describe('failure', () => {
  it('runs the items of a failed batch again one by one, so that only the bad one fails', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10, 0)]);
    const asked = [1, 2, 3].map((id) => submit([tokens(10, id)]));
    await runtime.running[0]!.finish();
    await runtime.running[0]!.fail(new RunFailedError('bad id'));
    while (runtime.running[0]) {
      expect(runtime.running).toHaveLength(1);
      const batch = runtime.running[0];
      expect(batch.ids).toHaveLength(1);
      if (batch.ids[0]![0] === 2) await batch.fail(new RunFailedError('bad id'));
      else await batch.finish();
    }
    const outcomes = (await Promise.all(asked)).map(([outcome]) => outcome);
    expect(ok(outcomes[0]).row[0]).toBe(1);
    expect(outcomes[1]).toMatchObject({ code: 'INFERENCE_ERROR' });
    expect(ok(outcomes[2]).row[0]).toBe(3);
  });

  it('never retries an item that was alone when its lane died', async () => {
    const { runtime, submit } = setup(1);
    const asked = submit([tokens(10)]);
    await runtime.running[0]!.fail(new LaneDiedError(0, true, 'SIGKILL'));
    expect((await asked)[0]).toMatchObject({ code: 'INFERENCE_ERROR' });
    expect(runtime.running).toHaveLength(0);
  });

  it('does not blame a batch that only waited in the lane that died', async () => {
    const { runtime, submit } = setup(1);
    void submit([tokens(10, 0)]);
    const asked = [1, 2, 3, 4].map((id) => submit([tokens(10, id)]));
    const [first, second] = runtime.running;
    runtime.lanes[0]!.ready = false;
    await first!.fail(new LaneDiedError(0, true, 'SIGKILL'));
    await second!.fail(new LaneDiedError(0, false, 'SIGKILL'));
    runtime.setReady(runtime.lanes[0]!, true);
    expect(runtime.running[0]!.ids.map((ids) => ids[0])).toEqual([1, 2, 3, 4]);
    await runtime.finishAll();
    for (const promise of asked) ok((await promise)[0]);
  });

  it('tries suspects on one lane at a time, which takes nothing else meanwhile', async () => {
    const { runtime, submit } = setup(2);
    void submit([tokens(40, 8)]);
    void submit([tokens(40, 9)]);
    const asked = [1, 2].map((id) => submit([tokens(10, id)]));
    await runtime.running[0]!.finish();
    await runtime.running
      .find((batch) => batch.ids.length === 2)!
      .fail(new LaneDiedError(0, true, 'hang'));
    await runtime.running.find((batch) => batch.ids[0]![0] === 9)!.finish();
    expect(runtime.running.map((batch) => batch.ids.length)).toEqual([1]);
    const suspectLane = runtime.running[0]!.lane;
    for (let i = 0; i < 8; i++) void submit([tokens(40, 5)]);
    expect(suspectLane.inFlight).toBe(1);
    await runtime.finishAll();
    for (const promise of asked) ok((await promise)[0]);
  });

  it('fails a batch whose results do not match its inputs in number', async () => {
    const { runtime, submit } = setup(1);
    const asked = submit([tokens(10)]);
    await runtime.running[0]!.finish(1, []);
    expect((await asked)[0]).toMatchObject({ code: 'INFERENCE_ERROR' });
  });
});

describe('close', () => {
  it('admits nothing more, lets accepted work finish, then resolves', async () => {
    const { runtime, scheduler, submit } = setup(1);
    const running = submit([tokens(10)]);
    const queued = submit([tokens(10)]);
    const closed = scheduler.close(performance.now() + 5_000);
    expect(await failure(submit([tokens(1)]))).toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryAfterSeconds: 1,
    });
    await runtime.finishAll();
    await closed;
    ok((await running)[0]);
    ok((await queued)[0]);
  });

  it('rejects what is left at its deadline', async () => {
    const { scheduler, submit } = setup(1);
    void submit([tokens(10)]).catch(() => undefined);
    const queued = submit([tokens(10)]);
    void scheduler.close(performance.now() + 20);
    expect((await failure(queued)).code).toBe('SERVICE_UNAVAILABLE');
  });
});
