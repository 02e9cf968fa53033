import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '@app/database';
import { freshDatabase, SILENT_LOG, testServer, type FreshDatabase } from '@app/database/testing';
import { SLICE_QUEUE, type Jobs } from '@app/jobs';
import type { Queues } from '@app/queues';
import { sql } from 'drizzle-orm';
import { eventually } from '../support/eventually.js';
import { JobWorker } from '../support/job-worker.js';
import { JobsInstance, resultsOf, submission, TestInference, texts } from '../support/jobs.js';
import { TcpGate } from '../support/tcp-gate.js';
import { TEST_LOCK_MS, type QueueStore } from '../support/queue-stores.js';

/** What has to hold of jobs, whatever keeps the queue and whatever happens to it. */
export function jobTests(start: () => Promise<QueueStore>): void {
  let store: QueueStore;
  let fresh: FreshDatabase;
  let queues: Queues;
  let instance: JobsInstance;
  let sweeping: NodeJS.Timeout;
  const workers: JobWorker[] = [];
  beforeEach(async () => {
    [store, fresh] = await Promise.all([start(), freshDatabase()]);
    queues = await store.open();
    instance = await JobsInstance.open(fresh, queues);
    sweeping = setInterval(() => void instance.jobs.sweep(), 200);
  });
  afterEach(async () => {
    clearInterval(sweeping);
    await Promise.all(workers.splice(0).map((worker) => worker.kill()));
    await instance.jobs.sweep();
    await instance.close();
    await queues.close();
    await fresh.drop();
    await store.stop();
  });

  async function submit(items: number): Promise<string> {
    return (await instance.jobs.submit(submission(texts(items)))).job.jobId;
  }

  /** Every item exactly one result, in its place. */
  async function expectComplete(jobs: Jobs, id: string, items: number): Promise<void> {
    await eventually(async () => (await jobs.get(null, id)).completedAt !== null, 40_000);
    const view = await jobs.get(null, id);
    expect(view).toMatchObject({ status: 'completed', progress: { current: items, failed: 0 } });
    const lines = await resultsOf(jobs, id);
    expect(lines.map(({ index }) => index)).toEqual(lines.map((_, i) => i));
    const labels = lines.map(({ prediction }) => prediction?.label);
    expect(labels).toEqual(texts(items).map((text) => `label of ${text}`));
    const { rows } = await fresh.database.db.execute<{ sum: string }>(
      sql`select sum(items) from job_results where job_id = ${id}`,
    );
    expect(Number(rows[0]?.sum)).toBe(items);
  }

  it('lose nothing when the queue loses everything', async () => {
    await instance.work(queues, new TestInference({ delayMs: 100 }));
    const id = await submit(1_000);
    for (let i = 0; i < 5; i++) {
      await sleep(200);
      await store.empty();
    }
    await expectComplete(instance.jobs, id, 1_000);
  });

  it('go on after the queue could not be reached', async () => {
    await instance.work(queues, new TestInference({ delayMs: 100 }));
    const id = await submit(1_000);
    await sleep(300);
    await store.gate.shut();
    await sleep(1_000);
    await store.gate.open();
    await expectComplete(instance.jobs, id, 1_000);
  });

  it('go on after the database could not be reached', async () => {
    const { host, port = 5432 } = await testServer();
    const gate = await TcpGate.before({ path: `${String(host)}/.s.PGSQL.${port}` });
    const name = /@\/([^?]+)/.exec(fresh.url)?.[1] ?? '';
    const url = `postgres://postgres@127.0.0.1:${gate.port}/${name}`;
    const database = await openDatabase({ url, dataDir: '', log: SILENT_LOG });
    const other = await JobsInstance.open({ database }, queues);
    await other.work(queues, new TestInference({ delayMs: 100 }));
    const id = await submit(1_000);
    await eventually(async () => (await resultsOf(instance.jobs, id)).length > 0);
    await gate.shut();
    await sleep(1_500);
    await gate.open();
    await expectComplete(instance.jobs, id, 1_000);
    await other.close();
    await database.close();
    await gate.shut();
  });

  it('are not disturbed by entries that come twice, or for slices that are done', async () => {
    await instance.work(queues, new TestInference({ delayMs: 30 }));
    const id = await submit(500);
    const queue = queues.queue(SLICE_QUEUE);
    const ids = new Set<string>();
    while ((await instance.jobs.get(null, id)).completedAt === null) {
      const { rows } = await fresh.database.db.execute<{ id: string }>(
        sql`select id from job_slices`,
      );
      for (const slice of rows) {
        ids.add(slice.id);
        await queue.add(slice.id);
      }
      await sleep(20);
    }
    expect(ids.size).toBe(10);
    await eventually(async () => (await queue.counts()).waiting === 0);
    await expectComplete(instance.jobs, id, 500);
  });

  it('survive workers that are killed in their midst', async () => {
    const options = {
      databaseUrl: fresh.url,
      redisUrl: store.redisUrl,
      connection: store.connection,
      lockMs: TEST_LOCK_MS,
      groupMs: 150,
    };
    const id = await submit(1_000);
    for (let i = 0; i < 2; i++) {
      const worker = await JobWorker.start(options);
      workers.push(worker);
      await eventually(() => worker.begun.length > 2);
      await sleep(75 + Math.random() * 75);
      await worker.kill();
    }
    const partly = await resultsOf(instance.jobs, id);
    expect(partly.length).toBeGreaterThan(0);
    expect(partly.length).toBeLessThan(1_000);
    workers.push(await JobWorker.start({ ...options, groupMs: 5 }));
    await expectComplete(instance.jobs, id, 1_000);
    expect((await instance.jobs.get(null, id)).attempts).toBeGreaterThan(1);
  });

  it('are taken up at once where a worker left them that was told to stop', async () => {
    const stop = await instance.work(queues, new TestInference({ delayMs: 60_000 }));
    const id = await submit(100);
    await eventually(async () => (await instance.jobs.get(null, id)).attempts === 1);
    await stop();
    await instance.work(queues, new TestInference());
    await expectComplete(instance.jobs, id, 100);
    // What was not their own fault does not count.
    expect((await instance.jobs.get(null, id)).attempts).toBe(1);
  });
}
