import { jest } from '@jest/globals';
import type { AuditEvent, AuditLog } from '@app/audit';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import { Deliveries } from '@app/deliveries';
import type { BoardRequest, OpenedQueues, QueueBoard, QueueWorker } from '@app/queues';
import type { EdgeRequest, EdgeResponse } from '../../apps/api/src/http/adapter/exchange.js';
import type { Acting } from '../../apps/api/src/routes/admin/acting.js';
import { AuditedActs } from '../../apps/api/src/routes/admin/audited-acts.js';
import { BoardPlace } from '../../apps/api/src/routes/queues/board-place.js';
import { BoardService } from '../../apps/api/src/routes/queues/board.service.js';
import { SHOWN_QUEUES } from '../../apps/api/src/routes/queues/shown-queues.js';
import {
  DELIVERY_QUEUE,
  DeliveriesProcessor,
  type DeliveriesProcessorOptions,
} from '../../apps/worker/src/processors/deliveries.processor.js';
import { TEST_CIPHER } from '../support/delivery-bench.js';
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

  describe('over deliveries', () => {
    let fresh: FreshDatabase;
    let deliveries: Deliveries;
    let worker: QueueWorker;
    /** Whether the receiver takes what is sent, and what was. */
    let accepts: boolean;
    let sent: string[];

    beforeEach(async () => {
      fresh = await freshDatabase();
      accepts = false;
      sent = [];
      deliveries = new Deliveries({
        database: fresh.database,
        cipher: TEST_CIPHER,
        queue: queues.queue(DELIVERY_QUEUE),
        onError: () => undefined,
      });
      const notifications = {
        attempt: async ({ id }: { readonly id: string }) => {
          sent.push(id);
          return accepts
            ? { kind: 'delivered', status: null }
            : { kind: 'failed', status: null, error: 'Refused.' };
        },
      };
      const parts = { deliveries, notifications } as unknown as DeliveriesProcessorOptions;
      const processor = new DeliveriesProcessor(parts);
      worker = queues.work(DELIVERY_QUEUE, (entry, signal) => processor.handle(entry, signal), {
        concurrency: 2,
      });
    });
    afterEach(async () => {
      await worker.close(0);
      await fresh.drop();
    });

    const isDelivered = async (id: string) =>
      (await deliveries.get('north', id)).state === 'delivered';

    async function isQuiet(): Promise<boolean> {
      const { waiting, active } = await queues.queue(DELIVERY_QUEUE).counts();
      return waiting + active === 0;
    }

    /** Deliveries that were given up. @returns their ids and their entries */
    async function givenUp(count: number): Promise<{ id: string; entry: string }[]> {
      const made = Array.from({ length: count }, async () => {
        const intent = { tenantId: 'north', kind: 'email', topic: 'job.failed' } as const;
        const id = await fresh.database.transaction((tx) =>
          deliveries.enqueue(tx, { ...intent, payload: {} }),
        );
        const { nextAttemptAt } = await deliveries.get('north', id);
        return { id, entry: `${id}.${nextAttemptAt!.getTime()}` };
      });
      const noted = await Promise.all(made);
      await deliveries.wake(noted.map(({ id }) => id));
      await eventually(async () => (await queues.queue(DELIVERY_QUEUE).counts()).failed === count);
      return noted;
    }

    /** Asks as an administrator does. @returns what was recorded */
    async function put(path: string): Promise<AuditEvent[]> {
      const audited: AuditEvent[] = [];
      const record = async (_: unknown, ...events: AuditEvent[]) => void audited.push(...events);
      const service = new BoardService(
        queues.board(SHOWN_QUEUES),
        new BoardPlace(null),
        new AuditedActs(fresh.database, { record } as unknown as AuditLog),
        deliveries,
        undefined as never,
      );
      const request = {
        method: 'PUT',
        url: `/admin/queues/api/queues/${DELIVERY_QUEUE}/${path}`,
        scope: { principal: { permissions: new Set(['ops:admin']) } },
      } as unknown as EdgeRequest;
      const response = { setHeader: () => undefined, end: () => undefined };
      await service.answer(request, response as unknown as EdgeResponse, {} as Acting);
      return audited;
    }

    it.each(['one', 'all'])(
      'sends again what was given up, and nothing else: %s',
      async (which) => {
        const [lost, met] = await givenUp(2);
        accepts = true;
        await fresh.database.transaction((tx) => deliveries.replay(tx, 'north', met!.id));
        await deliveries.wake([met!.id]);
        await eventually(() => isDelivered(met!.id));
        const audited = await put(which === 'one' ? `${lost!.entry}/retry` : 'retry/failed');
        await eventually(() => isDelivered(lost!.id));
        await eventually(isQuiet);
        expect(sent.toSorted()).toEqual([lost!.id, lost!.id, met!.id, met!.id].toSorted());
        expect(await deliveries.get('north', lost!.id)).toMatchObject({ attempts: 1 });
        const id = which === 'one' ? `${DELIVERY_QUEUE}/${lost!.entry}` : DELIVERY_QUEUE;
        expect(audited).toMatchObject([
          { action: 'queue.retry', object: { kind: 'queue', id }, result: 'success' },
        ]);
      },
    );

    it('sends nothing when the entry is gone', async () => {
      const [lost] = await givenUp(1);
      await queues.queue(DELIVERY_QUEUE).remove(lost!.entry);
      await expect(put(`${lost!.entry}/retry`)).rejects.toMatchObject({ code: 'NOT_FOUND' });
      expect(await deliveries.get('north', lost!.id)).toMatchObject({ state: 'failed' });
    });
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
