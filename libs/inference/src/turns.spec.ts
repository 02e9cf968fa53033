import { turnsDuring } from './testing/event-loop.js';
import { mapInTurns, turnsFor } from './turns.js';

describe('work in turns', () => {
  const busy = (ms: number): void => {
    const end = performance.now() + ms;
    while (performance.now() < end);
  };
  const later = (): number => performance.now() + 60_000;

  it('gives every item its result, in order', async () => {
    const items = Array.from({ length: 500 }, (_, i) => i);
    expect(await mapInTurns(items, (item, i) => item * 2 + i)).toEqual(items.map((i) => i * 3));
  });

  it('lets the event loop turn meanwhile', async () => {
    const work = () => mapInTurns(Array.from({ length: 20 }), () => busy(2));
    // 40 ms of work in stretches of 5 to 7 ms.
    expect(await turnsDuring(work)).toBeGreaterThanOrEqual(4);
  });

  it('stops when its caller has left, past their deadline, and on the first failure', async () => {
    const caller = new AbortController();
    const items = Array.from({ length: 1000 });
    let done = 0;
    const work = (): void => {
      busy(1);
      done++;
    };
    const left = turnsFor({ signal: caller.signal, deadline: later() });
    const all = mapInTurns(items, work, left);
    caller.abort();
    await expect(all).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    const { signal } = new AbortController();
    const late = turnsFor({ signal, deadline: performance.now() + 20 });
    await expect(mapInTurns(items, work, late)).rejects.toMatchObject({
      code: 'INFERENCE_TIMEOUT',
    });
    expect(done).toBeLessThan(200);
    const failing = (_: unknown, i: number): void => {
      if (i === 1) throw new Error('item 1');
    };
    await expect(mapInTurns([1, 2], failing)).rejects.toThrow('item 1');
  });
});
