import { setTimeout as sleep } from 'node:timers/promises';
import { newId } from '@app/common';
import type { Queue, QueueHandler, Queues } from '@app/queues';
import type { Queue as Bull } from 'bullmq';
import type { QueueStore } from '../support/queue-stores.js';
import { eventually } from '../support/eventually.js';

/** What every store of queues has to do, on a real server. */
export function queueTests(start: () => Promise<QueueStore>): void {
  let store: QueueStore;
  const opened: Queues[] = [];
  beforeAll(async () => {
    store = await start();
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((queues) => queues.close()));
    await store.empty();
  });
  afterAll(() => store.stop());

  async function open(): Promise<Queues> {
    const queues = await store.open();
    opened.push(queues);
    return queues;
  }

  /** A queue of the test's own, of which `handled` tells. */
  async function consumed(handler: QueueHandler = () => Promise.resolve()) {
    const queues = await open();
    const name = `test-${newId()}`;
    const handled: string[] = [];
    const worker = queues.work(
      name,
      async (id, signal) => {
        handled.push(id);
        await handler(id, signal);
      },
      { concurrency: 4 },
    );
    return { queues, queue: queues.queue(name), worker, handled, name };
  }

  const isEmpty = async (queue: Queue) => {
    const { waiting, delayed, active } = await queue.counts();
    return waiting + delayed + active === 0;
  };

  it('hands every entry to one handler, however many consume', async () => {
    const one = await consumed();
    const others = await open();
    const elsewhere: string[] = [];
    others.work(one.name, async (id) => void elsewhere.push(id), { concurrency: 4 });
    const ids = Array.from({ length: 60 }, () => newId());
    await Promise.all(ids.map((id) => one.queue.add(id)));
    await eventually(() => one.handled.length + elsewhere.length >= ids.length);
    await eventually(() => isEmpty(one.queue));
    expect([...one.handled, ...elsewhere].sort()).toEqual(ids.sort());
  });

  it('takes an id once while it waits, is delayed or active, and again afterwards', async () => {
    let finish = () => {};
    const { queue, handled } = await consumed(
      () => new Promise<void>((resolve) => (finish = resolve)),
    );
    await queue.add('a');
    await eventually(() => handled.length === 1);
    await queue.add('a');
    await queue.add('b', { delayMs: 60_000 });
    await queue.add('b', { delayMs: 60_000 });
    expect(await queue.counts()).toEqual({ waiting: 0, delayed: 1, active: 1, failed: 0 });
    expect(await queue.live(['a', 'b', 'c'])).toEqual(new Set(['a', 'b']));
    finish();
    await eventually(async () => (await queue.counts()).active === 0);
    expect(await queue.live(['a', 'b'])).toEqual(new Set(['b']));
    await queue.add('a');
    await eventually(() => handled.length === 2);
    finish();
    expect(handled).toEqual(['a', 'a']);
  });

  it('hands a delayed entry over when it is due, and not at all when it was removed', async () => {
    const { queue, handled } = await consumed();
    const added = performance.now();
    await queue.add('late', { delayMs: 600 });
    await queue.add('never', { delayMs: 300 });
    await queue.remove('never');
    await queue.remove('unknown');
    await eventually(() => handled.length > 0);
    expect(performance.now() - added).toBeGreaterThan(550);
    await sleep(100);
    expect(handled).toEqual(['late']);
  });

  it('keeps what a handler failed on for operators, without its words, and takes the id again', async () => {
    let words = 'no fever \u0000 of \ud800 Mrs Smith';
    const { queue, handled } = await consumed(() => {
      if (words === '') return Promise.resolve();
      return Promise.reject(new TypeError(words));
    });
    await queue.add('a');
    await eventually(async () => (await queue.counts()).failed === 1);
    expect((await queue.live(['a'])).size).toBe(0);
    const { opened: bull } = queue as unknown as { opened: Pick<Bull, 'getFailed'> };
    const kept = JSON.stringify((await bull.getFailed()).map((entry) => entry.toJSON()));
    expect(kept).toContain('TypeError');
    expect(kept).not.toContain('Smith');
    words = '';
    await queue.add('a');
    await eventually(() => handled.length === 2);
    await eventually(async () => (await queue.counts()).failed === 0);
  });

  it('lets active entries finish when it is closed, and takes no others', async () => {
    const { queue, worker, handled } = await consumed(() => sleep(300));
    await queue.add('a');
    await eventually(() => handled.length === 1);
    const closed = worker.close(5_000);
    await queue.add('b');
    await closed;
    expect(await queue.counts()).toMatchObject({ active: 0, waiting: 1, failed: 0 });
    expect(handled).toEqual(['a']);
  });

  it('ends handlers that have had their time when it is closed', async () => {
    const { queue, worker, handled } = await consumed(
      (_id, signal) =>
        new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true })),
    );
    await queue.add('a');
    await eventually(() => handled.length === 1);
    const before = performance.now();
    await worker.close(200);
    expect(performance.now() - before).toBeLessThan(2_500);
    expect(await isEmpty(queue)).toBe(true);
  });

  it('goes on by itself after an outage; adding fails soon meanwhile', async () => {
    const { queue, handled } = await consumed();
    await queue.add('before');
    await eventually(() => handled.length === 1);
    await store.gate.shut();
    const before = performance.now();
    await expect(queue.add('lost')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(performance.now() - before).toBeLessThan(4_000);
    await store.gate.open();
    await eventually(
      () =>
        queue.add('after').then(
          () => true,
          () => false,
        ),
      8_000,
    );
    await eventually(() => handled.includes('after'), 8_000);
  });

  it('starts to consume when the server comes up after it', async () => {
    const queues = await open();
    await store.gate.shut();
    const handled: string[] = [];
    const name = `test-${newId()}`;
    queues.work(name, async (id) => void handled.push(id), { concurrency: 1 });
    await sleep(500);
    await store.gate.open();
    const queue = queues.queue(name);
    await eventually(
      () =>
        queue.add('a').then(
          () => true,
          () => false,
        ),
      8_000,
    );
    await eventually(() => handled.length === 1, 8_000);
  });

  it('can be used after every entry was lost', async () => {
    const { queue, handled } = await consumed();
    await queue.add('lost', { delayMs: 60_000 });
    await store.empty();
    expect((await queue.live(['lost'])).size).toBe(0);
    await queue.add('lost');
    await eventually(() => handled.length === 1);
  });
}
