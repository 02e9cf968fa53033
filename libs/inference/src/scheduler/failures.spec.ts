import { LaneDiedError, RunFailedError } from '../runtime/runtime.js';
import { failure, ok, setup, tokens } from '../testing/scheduling.js';

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

  it('lets a lane run dry for a suspect, however much waits', async () => {
    const { runtime, submit } = setup(1);
    const suspects = [1, 2, 3, 4].map((id) => submit([tokens(10, id)]));
    for (let i = 0; i < 60; i++) void submit([tokens(40, 9)]);
    await runtime.running[0]!.finish(5);
    await runtime.running.find(({ ids }) => ids.length === 3)!.fail(new RunFailedError('bad id'));
    const order: number[] = [];
    for (let i = 0; i < 12; i++) {
      const batch = runtime.running[0]!;
      order.push(batch.ids[0]![0]!);
      await batch.finish(20);
    }
    expect(order.filter((id) => id < 9)).toEqual([2, 3, 4]);
    for (const promise of suspects) ok((await promise)[0]);
  });

  it('tries suspects of bulk work after interactive work, and after its suspects', async () => {
    const { runtime, submit } = setup(1);
    const bulk = submit(
      [1, 2, 3, 4].map((id) => tokens(10, id)),
      { priority: 'bulk' },
    );
    const asked = [8, 9].map((id) => submit([tokens(15, id)]));
    await runtime.running[0]!.fail(new RunFailedError('bad id'));
    await runtime.running[0]!.fail(new RunFailedError('bad id'));
    const order = (await runtime.finishAll()).map(({ ids }) => ids.map(([id]) => id));
    expect(order).toEqual([[8], [9], [1], [2], [3], [4]]);
    for (const promise of asked) ok((await promise)[0]);
    for (const outcome of await bulk) ok(outcome);
  });

  it('gives suspects of bulk work the share of bulk work while interactive work waits', async () => {
    const { runtime, submit } = setup(1);
    void submit(
      [1, 2, 3, 4].map((id) => tokens(10, id)),
      { priority: 'bulk' },
    );
    await runtime.running[0]!.fail(new RunFailedError('bad id'));
    for (let i = 0; i < 60; i++) void submit([tokens(40, 9)]);
    const order: number[] = [];
    for (let i = 0; i < 60; i++) {
      const batch = runtime.running[0]!;
      order.push(batch.ids[0]![0]!);
      await batch.finish(20);
    }
    const turns = order.flatMap((id, turn) => (id < 9 ? [turn] : []));
    expect(turns.map((turn) => order[turn])).toEqual([1, 2, 3, 4]);
    // A batch of 40 earns them about two tokens, and each has ten.
    for (const [i, turn] of turns.slice(1).entries()) {
      expect(turn - turns[i]!).toBeGreaterThanOrEqual(5);
      expect(turn - turns[i]!).toBeLessThanOrEqual(7);
    }
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

  it('rejects what is left at its deadline, and what its lanes then leave unfinished', async () => {
    const { runtime, scheduler, submit } = setup(2);
    // One lane runs a request alone, the other two together; each holds one more, and one waits.
    const unfinished = [submit([tokens(10)]), submit([tokens(10), tokens(10)])];
    unfinished.push(submit([tokens(40)]), submit([tokens(40)]), submit([tokens(40)]));
    expect(runtime.running.map(({ ids }) => ids.length)).toEqual([1, 2, 1, 1]);
    const codes = Promise.all(unfinished.map(async (promise) => (await failure(promise)).code));
    await scheduler.close(performance.now() + 20);
    for (const lane of runtime.lanes) {
      lane.ready = false;
      for (const [i, batch] of [...lane.running].entries()) {
        await batch.fail(new LaneDiedError(lane.id, i === 0, 'it was closed'));
      }
    }
    expect(await codes).toEqual(Array(5).fill('SERVICE_UNAVAILABLE'));
  });
});
