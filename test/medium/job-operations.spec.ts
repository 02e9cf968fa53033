import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import { auditLogTable } from '@app/audit';
import { Deliveries, type DeliveriesOptions } from '@app/deliveries';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import type { JobEvent, JobsOptions } from '@app/jobs';
import { openQueues, type OpenedQueues } from '@app/queues';
import { sql } from 'drizzle-orm';
import { eventually } from '../support/eventually.js';
import {
  ACTOR,
  JobsInstance,
  resultsOf,
  submission,
  TEST_CIPHER,
  TestInference,
  texts,
} from '../support/jobs.js';
import { JobsEdge } from '../support/jobs-edge.js';
import { runTool, type ToolRun } from '../support/tool.js';

jest.setTimeout(60_000);

const HOUR_MS = 3_600_000;

let fresh: FreshDatabase;
let queues: OpenedQueues;
let now: Date;
const opened: JobsInstance[] = [];

beforeEach(async () => {
  fresh = await freshDatabase();
  const { connection } = fresh.database;
  queues = await openQueues({ redisUrl: null, connection, log: SILENT_LOG, lockMs: 3_000 });
  now = new Date();
});
afterEach(async () => {
  for (const instance of opened.splice(0).reverse()) await instance.close();
  await queues.close();
  await fresh.drop();
});

async function open(options: Partial<JobsOptions> = {}): Promise<JobsInstance> {
  const instance = await JobsInstance.open(fresh, queues, { now: () => now, ...options });
  opened.push(instance);
  return instance;
}

/** A job of which the first 50 items have results, that failed at its deadline. */
async function failedJob(
  { jobs }: JobsInstance,
  { tenantId = 'north', items = 200 } = {},
): Promise<string> {
  const { job } = await jobs.submit(submission(texts(items), { tenantId }));
  const admitted = sql`select id from job_slices where job_id = ${job.jobId} and first_item = 0 and state = 'admitted'`;
  await eventually(async () => (await fresh.database.db.execute(admitted)).rows.length === 1);
  const { rows } = await fresh.database.db.execute<{ id: string }>(admitted);
  const slice = await jobs.slices.begin(rows[0]?.id ?? '', 'w', () => '{}');
  if (slice === null) throw new Error('the slice was not there');
  const lines = Array.from({ length: 50 }, (_, i) => JSON.stringify({ index: i, first: true }));
  await jobs.slices.finish(slice, lines, 1);
  slice.end();
  now = new Date(now.getTime() + 73 * HOUR_MS);
  await jobs.sweep();
  expect((await jobs.get(null, job.jobId)).status).toBe('failed');
  return job.jobId;
}

describe('a failed job', () => {
  it('is taken up where it stopped, and done', async () => {
    const instance = await open();
    const { jobs } = instance;
    const id = await failedJob(instance);
    await expect(jobs.retry('south', id, ACTOR)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const retried = await jobs.retry('north', id, ACTOR);
    expect(['pending', 'processing']).toContain(retried.status);
    expect(retried).toMatchObject({ error: null, completedAt: null, expiresAt: null });
    expect(retried.deadlineAt.getTime()).toBe(now.getTime() + 72 * HOUR_MS);
    const followed: JobEvent[] = [];
    const following = (async () => {
      const { signal } = new AbortController();
      for await (const event of jobs.events(null, id, { afterSeq: 0, signal }))
        followed.push(event);
    })();
    const inference = new TestInference();
    await instance.work(queues, inference);
    await eventually(async () => (await jobs.get(null, id)).status === 'completed');
    await following;
    expect(followed.map(({ type }) => type)).not.toContain('failed');
    expect(followed.at(-1)?.type).toBe('completed');
    const lines = await resultsOf(jobs, id);
    expect(lines.map(({ index }) => index)).toEqual(Array.from({ length: 200 }, (_, i) => i));
    expect(lines.filter((line) => 'first' in line)).toHaveLength(50);
    expect(inference.texts).toHaveLength(150);
    expect((await jobs.get(null, id)).progress).toMatchObject({ current: 200, failed: 1 });
    const actions = (await fresh.database.db.select().from(auditLogTable)).map((row) => row.action);
    expect(actions).toEqual(['job.submit', 'job.fail', 'job.retry', 'job.complete']);
  });

  it('does not go on by itself, and what is left of its input goes with it', async () => {
    const instance = await open();
    const id = await failedJob(instance);
    const inference = new TestInference();
    await instance.work(queues, inference);
    await instance.jobs.sweep();
    const { job } = await instance.jobs.submit(submission(['other']));
    await eventually(async () => (await instance.jobs.get(null, job.jobId)).completedAt !== null);
    expect(inference.texts).toEqual(['other']);
    await instance.jobs.purge(null, id, ACTOR);
    const left = sql`select id from job_slices where job_id = ${id}`;
    expect((await fresh.database.db.execute(left)).rows).toEqual([]);
    const refused = { code: 'CONFLICT', message: expect.stringContaining('input') as string };
    await expect(instance.jobs.retry(null, id, ACTOR)).rejects.toMatchObject(refused);
  });

  it('tells nothing of how fast its model is once it was retried', async () => {
    const instance = await open();
    const { jobs } = instance;
    const id = await failedJob(instance, { items: 1_000 });
    await jobs.retry('north', id, ACTOR);
    const isStarted = async () => (await jobs.get(null, id)).status === 'processing';
    await eventually(isStarted);
    now = new Date(now.getTime() + 5_000);
    await instance.work(queues, new TestInference());
    await eventually(async () => (await jobs.get(null, id)).status === 'completed');
    /** Submits a job of 1,000 items; gives how many of them make its first slice. */
    const firstSlice = async () => {
      const { job } = await jobs.submit(submission(texts(1_000)));
      const { rows } = await fresh.database.db.execute<{ items: number }>(
        sql`select items from job_slices where job_id = ${job.jobId} and first_item = 0`,
      );
      await eventually(async () => (await jobs.get(null, job.jobId)).status === 'completed');
      return rows[0]?.items;
    };
    // By what the submission itself says of the model.
    expect(await firstSlice()).toBe(50);
    // By 2,000 items in five seconds, on two slots.
    await fresh.database.db.execute(sql`update jobs set retried_at = null`);
    expect(await firstSlice()).toBe(1_000);
  });

  it('is the only kind that can be retried, and as many may wait as always', async () => {
    const instance = await open({ settings: { queuedPerTenant: 1, runningPerTenant: 1 } });
    const { jobs } = instance;
    const failed = await failedJob(instance);
    const running = (await jobs.submit(submission(['a']))).job.jobId;
    await eventually(async () => (await jobs.get(null, running)).status === 'processing');
    const waiting = (await jobs.submit(submission(['b']))).job.jobId;
    await expect(jobs.retry(null, running, ACTOR)).rejects.toMatchObject({ code: 'CONFLICT' });
    await expect(jobs.retry(null, failed, ACTOR)).rejects.toMatchObject({ code: 'QUOTA_EXCEEDED' });
    await jobs.cancel(null, waiting, ACTOR);
    await expect(jobs.retry(null, waiting, ACTOR)).rejects.toMatchObject({
      message: 'Only a failed job can be retried; this one is cancelled.',
    });
    expect((await jobs.retry(null, failed, ACTOR)).status).toBe('pending');
  });
});

describe('POST /jobs/{id}/retry', () => {
  it('takes up a failed job of the tenant, and no other', async () => {
    const on = await JobsEdge.start();
    try {
      const body = { model: 'assertion', inputs: ['no fever'] };
      const submitted = await on.post('north', '/jobs', body);
      const { job_id: id = '' } = (await submitted.json()) as { job_id?: string };
      const retry = (key: string) => on.request(key, `/jobs/${id}/retry`, { method: 'POST' });
      expect((await retry('north')).status).toBe(409);
      const later = new Date(Date.now() + 73 * HOUR_MS);
      on.now = () => later;
      await on.jobs.sweep();
      expect((await retry('south')).status).toBe(404);
      const retried = await retry('north');
      expect(retried.status).toBe(202);
      expect(await retried.json()).toMatchObject({ job_id: id, error: null, completed_at: null });
      await on.work(id);
      expect((await on.jobs.get('north', id)).status).toBe('completed');
    } finally {
      await on.close();
    }
  });

  it('takes up one of a file once, however often it is asked for, and none whose file is gone', async () => {
    const on = await JobsEdge.start();
    try {
      const file = await on.upload('north', '"no fever"\n');
      const body = { model: 'assertion', input_file_id: file };
      const submitted = await on.post('north', '/jobs', body);
      const { job_id: id = '' } = (await submitted.json()) as { job_id?: string };
      let later = Date.now();
      on.now = () => new Date(later);
      const fail = async () => {
        later += 73 * HOUR_MS;
        await on.jobs.sweep();
      };
      const ask = async (method: string, path: string) => {
        return (await on.request('north', path, { method })).status;
      };
      const retry = () => ask('POST', `/jobs/${id}/retry`);
      await fail();
      // More at once than there can be connections to the database, when all of these are open.
      await Promise.all(Array.from({ length: 20 }, () => ask('GET', `/jobs/${id}`)));
      const statuses = await Promise.all(Array.from({ length: 20 }, retry));
      expect(statuses.sort()).toEqual([202, ...Array<number>(19).fill(409)]);
      await fail();
      await on.files.removeExpired();
      expect(await retry()).toBe(409);
    } finally {
      await on.close();
    }
  });
});

describe('the numbers of jobs and deliveries', () => {
  it('tell what waits, runs and failed, and who works', async () => {
    const instance = await open();
    const { jobs } = instance;
    expect(await jobs.load()).toMatchObject({ workers: 0, slots: 0, oldestWaitingSeconds: 0 });
    await failedJob(instance);
    const inference = new TestInference({ delayMs: 60_000 });
    await jobs.submit(submission(texts(500)));
    const stop = await instance.work(queues, inference);
    await eventually(async () => {
      const { running, admitted } = (await jobs.load()).slices;
      return running === 2 && admitted === 2;
    });
    now = new Date(now.getTime() + 5_000);
    const load = await jobs.load();
    expect(load).toMatchObject({
      jobs: { pending: 0, processing: 1, completed: 0, failed: 1, cancelled: 0 },
      slices: { waiting: 6, admitted: 2, running: 2 },
      oldestWaitingSeconds: 5,
      workers: 1,
      slots: 2,
    });
    await stop();
    expect((await jobs.load()).workers).toBe(0);
  });

  it('count deliveries that are pending, due and given up, and attempts', async () => {
    const attempts: string[] = [];
    const options: DeliveriesOptions = {
      database: fresh.database,
      cipher: TEST_CIPHER,
      queue: queues.queue('deliveries'),
      onError: () => undefined,
      onAttempt: (kind, outcome) => attempts.push(`${kind} ${outcome}`),
      now: () => now.getTime(),
    };
    const deliveries = new Deliveries(options);
    const enqueue = (kind: 'webhook' | 'email') =>
      fresh.database.transaction((tx) =>
        deliveries.enqueue(tx, { tenantId: 'north', kind, topic: 'job.completed', payload: {} }),
      );
    const failed = await enqueue('webhook');
    await enqueue('email');
    const row = await deliveries.get('north', failed);
    const claimed = await deliveries.claim(row);
    if (claimed === null) throw new Error('not claimed');
    await deliveries.settle(claimed, { kind: 'failed', status: 410, error: 'gone' }, 5);
    now = new Date(now.getTime() + 7_000);
    const { counts, due, oldestDueSeconds } = await deliveries.load();
    expect([...counts].sort((a, b) => a.kind.localeCompare(b.kind))).toEqual([
      { kind: 'email', state: 'pending', count: 1 },
      { kind: 'webhook', state: 'failed', count: 1 },
    ]);
    expect([due, oldestDueSeconds, attempts]).toEqual([1, 7, ['webhook failed']]);
  });
});

describe('npm run jobs', () => {
  let dataDir: string;
  let env: NodeJS.ProcessEnv;
  const jobs = (...args: string[]): Promise<ToolRun> => runTool('jobs', args, env);

  beforeEach(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'clinserve-jobs-cli-'));
    const ENCRYPTION_KEY = 'ab'.repeat(32);
    env = {
      DATABASE_URL: fresh.url.replace('@/', '@localhost/'),
      DATA_DIR: dataDir,
      ENCRYPTION_KEY,
    };
  });
  afterEach(() => rm(dataDir, { recursive: true, force: true }));

  it('lists, shows, retries, cancels and purges', async () => {
    const instance = await open();
    const id = await failedJob(instance);
    const listed = await jobs('list', '--status', 'failed');
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(listed.stdout).toMatch(
      new RegExp(`${id} +north +failed +50/200 +1 .*INFERENCE_TIMEOUT`),
    );
    expect((await jobs('list', '--status', 'failed', '--tenant', 'south')).stdout).not.toContain(
      id,
    );
    const retried = await jobs('retry', id);
    expect([retried.code, retried.stderr]).toEqual([0, '']);
    expect(retried.stdout).toMatch(/status +(pending|processing)/);
    expect(await jobs('retry', id)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('Only a failed job can be retried'),
    });
    expect((await jobs('cancel', id)).stdout).toMatch(/status +cancelled/);
    expect((await instance.jobs.get(null, id)).status).toBe('cancelled');
    const other = await failedJob(instance, { tenantId: 'south' });
    const purged = await jobs(
      'purge',
      '--finished-before',
      new Date(now.getTime() - 1).toISOString(),
    );
    expect(purged).toEqual({ code: 0, stdout: 'Purged 1 job\n', stderr: '' });
    expect((await jobs('show', id)).stdout).toMatch(/purged +\d{4}-/);
    expect((await instance.jobs.get(null, other)).purgedAt).toBeNull();
    expect((await jobs('purge', other)).stdout).toBe('Purged 1 job\n');
    expect((await jobs('show', '0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f')).stderr).toBe(
      'There is no such job.\n',
    );
    const rows = await fresh.database.db.select().from(auditLogTable);
    const acts = rows.filter(({ actorId }) => actorId === 'operator').map(({ action }) => action);
    expect(acts).toEqual(['job.retry', 'job.cancel', 'job.purge', 'job.purge']);
  });

  it('lists deliveries that were given up, and sends them again', async () => {
    await fresh.database.db.execute(sql`
      insert into deliveries (id, tenant_id, kind, topic, payload, state, attempts, last_error, created_at)
      select gen_random_uuid(), 'north', 'webhook', 'job.completed', '{}', 'failed', 10, 'No answer.', now()
      from generate_series(1, 3)`);
    const listed = await jobs('deliveries');
    expect(listed.stdout.match(/failed +10 .*No answer\./g)).toHaveLength(3);
    const [id = ''] = /[\da-f-]{36}/.exec(listed.stdout) ?? [];
    expect((await jobs('resend', id)).stdout).toBe('1 delivery is sent again\n');
    expect((await jobs('resend', '--all-failed')).stdout).toBe('2 deliveries are sent again\n');
    const { rows } = await fresh.database.db.execute(
      sql`select 1 from deliveries where state = 'pending' and attempts = 0`,
    );
    expect(rows).toHaveLength(3);
    expect((await queues.queue('deliveries').counts()).waiting).toBe(3);
    expect(await jobs('resend', '0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f')).toMatchObject({
      code: 1,
      stderr: 'There is no such delivery.\n',
    });
  });

  it('says what is wrong with a command', async () => {
    const wrong = await jobs('retry');
    expect([wrong.code, wrong.stderr.split('\n')[0]]).toEqual([2, 'retry needs an id']);
  });
});
