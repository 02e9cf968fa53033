import { jest } from '@jest/globals';
import type { BoardRequest, OpenedQueues, QueueBoard } from '@app/queues';
import { eventually } from '../support/eventually.js';
import { postgresStore, redisStore, type QueueStore } from '../support/queue-stores.js';
import { describeWithRedis } from '../support/redis.js';

jest.setTimeout(30_000);

interface ShownQueues {
  readonly queues: {
    readonly name: string;
    readonly counts: Readonly<Record<string, number>>;
    readonly isPaused: boolean;
    readonly readOnlyMode: boolean;
    readonly jobs: { readonly id: string; readonly data: object; readonly failedReason?: string }[];
  }[];
}

function boardTests(start: () => Promise<QueueStore>): void {
  let store: QueueStore;
  let queues: OpenedQueues;
  let board: QueueBoard;

  beforeEach(async () => {
    store = await start();
    queues = await store.open();
    board = queues.board([
      { name: 'slices', description: 'first' },
      { name: 'letters', description: 'second' },
    ]);
  });
  afterEach(async () => {
    await queues.close();
    await store.stop();
  });

  const ask = (method: string, path: string, changes: Partial<BoardRequest> = {}) =>
    board.answer({ method, path, query: {}, body: undefined, mayChange: true, ...changes });

  async function shown(query: Record<string, string> = {}): Promise<ShownQueues['queues']> {
    const answer = await ask('GET', '/api/queues', { query });
    expect(answer?.status).toBe(200);
    return (answer?.body as ShownQueues).queues;
  }

  it('shows queues and their entries, which are ids', async () => {
    await queues.queue('slices').add('a');
    await queues.queue('slices').add('b', { delayMs: 60_000 });
    const worker = queues.work(
      'letters',
      () => Promise.reject(new TypeError('Mrs Smith has fever')),
      { concurrency: 1 },
    );
    await queues.queue('letters').add('x');
    await eventually(async () => (await queues.queue('letters').counts()).failed === 1);
    await worker.close(0);
    const query = { activeQueue: 'letters', status: 'failed', page: '1', jobsPerPage: '10' };
    const [slices, letters] = await shown(query);
    expect(slices).toMatchObject({ name: 'slices', counts: { waiting: 1, delayed: 1 } });
    expect(letters?.jobs).toMatchObject([{ id: 'x', data: {}, failedReason: 'TypeError' }]);
    expect(await ask('GET', '/api/queues/letters/x')).toMatchObject({ status: 200 });
    expect(await ask('GET', '/api/redis/stats')).toMatchObject({ status: 200 });
    expect(await ask('GET', '/api/queues/nowhere/x')).toMatchObject({ status: 404 });
    expect(await ask('GET', '/api/nothing')).toBeNull();
  });

  it('retries, removes, pauses and resumes for who may', async () => {
    const worker = queues.work('letters', () => Promise.reject(new Error('no')), {
      concurrency: 1,
    });
    await queues.queue('letters').add('x');
    await eventually(async () => (await queues.queue('letters').counts()).failed === 1);
    await worker.close(0);
    expect(await ask('PUT', '/api/queues/letters/retry/failed')).toMatchObject({ status: 200 });
    await eventually(async () => (await queues.queue('letters').counts()).waiting === 1);
    expect(await ask('PUT', '/api/queues/letters/pause')).toMatchObject({ status: 200 });
    expect((await shown())[1]).toMatchObject({ isPaused: true });
    await ask('PUT', '/api/queues/letters/resume');
    expect((await shown())[1]).toMatchObject({ isPaused: false });
    await ask('PUT', '/api/queues/letters/x/clean');
    expect((await queues.queue('letters').counts()).waiting).toBe(0);
  });

  it('changes nothing for who may only look, and takes no content from anybody', async () => {
    await queues.queue('slices').add('a');
    const looking = { mayChange: false };
    for (const path of ['slices/pause', 'slices/a/clean', 'slices/a/retry', 'pause']) {
      await ask('PUT', `/api/queues/${path}`, looking);
    }
    const [slices] = await shown();
    expect(slices).toMatchObject({ isPaused: false, counts: { waiting: 1 } });
    const body = { name: 'x', data: { text: 'fever' }, options: {} };
    expect(await ask('POST', '/api/queues/slices/add', { body })).toMatchObject({ status: 403 });
    const jobData = { jobData: { text: 'fever' } };
    expect(await ask('PATCH', '/api/queues/slices/a/update-data', { body: jobData })).toMatchObject(
      { status: 403 },
    );
    expect(await ask('PUT', '/api/queues/slices/obliterate', { body: {} })).toMatchObject({
      status: 403,
    });
    expect((await queues.queue('slices').counts()).waiting).toBe(1);
  });

  it('does not wait for a store that is away', async () => {
    await shown();
    await store.gate.shut();
    const started = performance.now();
    await expect(ask('GET', '/api/queues')).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect(performance.now() - started).toBeLessThan(7_000);
  });
}

describe('the board of queues on Postgres', () => boardTests(postgresStore));
describeWithRedis('the board of queues on Redis', () => boardTests(redisStore));
