import { setTimeout as sleep } from 'node:timers/promises';
import { jest } from '@jest/globals';
import { auditLogTable, type AuditLog } from '@app/audit';
import { DomainError, newId } from '@app/common';
import type { Transaction } from '@app/database';
import type { FileContent, FileRow, InputFiles } from '@app/jobs';
import { sql } from 'drizzle-orm';
import { eventually } from '../support/eventually.js';
import { isDone, JobsFixture } from '../support/jobs-fixture.js';
import { ACTOR, resultsOf, submission, TestInference, texts } from '../support/jobs.js';

const fixture = JobsFixture.use();

async function count(table: string): Promise<number> {
  const { rows } = await fixture.fresh.database.db.execute<{ count: string }>(
    sql.raw(`select count(*) from ${table}`),
  );
  return Number(rows[0]?.count);
}

const FILE = { id: newId(), rows: 130 } as FileRow;

/** A file whose bytes are its rows; null is a row that is no input. */
class MemoryFiles implements InputFiles {
  readonly removed: string[] = [];

  constructor(private readonly rows: readonly (string | null)[]) {}

  find(id: string) {
    return Promise.resolve(this.removed.includes(id) ? null : FILE);
  }

  planSlices(_file: FileRow, items: number) {
    return Array.from({ length: Math.ceil(this.rows.length / items) }, (_, i) => {
      const [byteStart, byteEnd] = [i * items, Math.min((i + 1) * items, this.rows.length)];
      return { firstItem: byteStart, items: byteEnd - byteStart, byteStart, byteEnd };
    });
  }

  async *readRows(_file: FileContent, start: number, end: number) {
    for (let index = start; index < end; index++) {
      const text = this.rows[index];
      const error = new DomainError('VALIDATION_ERROR', 'This row is no input.');
      yield [typeof text === 'string' ? { text } : error];
    }
  }

  hold() {
    return Promise.resolve(true);
  }

  removeRow() {
    return Promise.resolve(true);
  }

  removeBytes(id: string) {
    this.removed.push(id);
    return Promise.resolve();
  }
}

describe('a job', () => {
  it('has one result an item, in order; failing items fail alone', async () => {
    const instance = await fixture.open();
    const { jobs } = instance;
    const inputs = texts(230);
    inputs[77] = 'bad';
    const { job } = await jobs.submit(
      submission([...inputs, { sentence: 'last' }, { text: 'a', sentence: 'b' }]),
    );
    expect(job).toMatchObject({ status: 'pending', attempts: 0, queuePosition: 1 });
    expect(job.progress).toMatchObject({ current: 0, total: 232, percent: 0 });
    await instance.work(fixture.queues, new TestInference());
    await eventually(isDone(jobs, job.jobId));
    const done = await jobs.get('north', job.jobId);
    expect(done).toMatchObject({ status: 'completed', attempts: 1, queuePosition: null });
    expect(done.progress).toMatchObject({ current: 232, failed: 2, percent: 100 });
    const lines = await resultsOf(jobs, job.jobId);
    expect(lines.map(({ index }) => index)).toEqual(lines.map((_, i) => i));
    expect(lines).toHaveLength(232);
    expect(lines[76]?.prediction?.label).toBe('label of text 76');
    expect(lines[77]?.error).toEqual({ code: 'VALIDATION_ERROR', message: 'This text is bad.' });
    expect(lines[230]?.prediction?.label).toBe('label of last');
    expect(lines[231]?.error?.code).toBe('VALIDATION_ERROR');
    const from = await resultsOf(jobs, job.jobId, 120);
    expect(from.map(({ index }) => index)).toEqual(lines.slice(120).map(({ index }) => index));
  });

  it('holds nothing that can be read without the key, and belongs to its tenant', async () => {
    const instance = await fixture.open();
    const { jobs } = instance;
    const { job } = await jobs.submit(
      submission(['Mrs Smith denies fever'], {
        callbackUrl: 'https://example.org/secret-path',
        notifyEmail: 'ada@example.org',
        metadata: { ward: 'seven' },
      }),
    );
    await instance.work(fixture.queues, new TestInference());
    await eventually(isDone(jobs, job.jobId));
    for (const table of ['jobs', 'job_slices', 'job_results', 'job_events', 'audit_log']) {
      const { rows } = await fixture.fresh.database.db.execute(sql.raw(`select * from ${table}`));
      expect(JSON.stringify(rows)).not.toMatch(/Smith|fever|secret-path|ada@|seven/);
    }
    expect((await jobs.get('north', job.jobId)).metadata).toEqual({ ward: 'seven' });
    const refused = { code: 'NOT_FOUND' };
    await expect(jobs.get('south', job.jobId)).rejects.toMatchObject(refused);
    await expect(jobs.cancel('south', job.jobId, ACTOR)).rejects.toMatchObject(refused);
    await expect(jobs.purge('south', job.jobId, ACTOR)).rejects.toMatchObject(refused);
    const read = jobs.results('south', job.jobId, { fromItem: 0 })[Symbol.asyncIterator]();
    await expect(read.next()).rejects.toMatchObject(refused);
    const actions = await fixture.fresh.database.db.select().from(auditLogTable);
    expect(actions.map(({ action }) => action)).toEqual(['job.submit', 'job.complete']);
  });

  it('is accepted once for an Idempotency-Key', async () => {
    const { jobs } = await fixture.open();
    const idempotency = { key: 'k', body: '{"a":1}' };
    const ask = (changes = {}) => jobs.submit(submission(['a'], { idempotency, ...changes }));
    const first = await ask();
    expect(first.replayed).toBe(false);
    expect(await ask()).toMatchObject({ replayed: true, job: { jobId: first.job.jobId } });
    await expect(ask({ idempotency: { key: 'k', body: '{}' } })).rejects.toMatchObject({
      code: 'IDEMPOTENCY_KEY_REUSED',
    });
    expect((await ask({ tenantId: 'south' })).replayed).toBe(false);
    fixture.passHours(25);
    expect((await ask()).replayed).toBe(false);
    const together = { idempotency: { key: 'k2', body: '' } };
    const answers = await Promise.allSettled(Array.from({ length: 6 }, () => ask(together)));
    const accepted = answers.flatMap((a) => (a.status === 'fulfilled' ? [a.value] : []));
    expect(new Set(accepted.map(({ job }) => job.jobId)).size).toBe(1);
    expect(accepted.filter(({ replayed }) => !replayed)).toHaveLength(1);
    for (const answer of answers) {
      if (answer.status === 'rejected') {
        expect(answer.reason).toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_USE' });
      }
    }
  });

  it('is charged once, however often others get in the way of its transaction', async () => {
    let runs = 0;
    const record = async (tx: Transaction) => {
      if (++runs > 1) return;
      await tx.execute(sql`do $$ begin raise exception using errcode = '40P01'; end $$`);
    };
    const { jobs } = await fixture.open({ audit: { record } as unknown as AuditLog });
    const charge = jest.fn<() => void>();
    await jobs.submit(submission(['a'], { charge }));
    expect([runs, charge.mock.calls.length, await count('jobs')]).toEqual([2, 1, 1]);
  });

  it('is refused beyond the tenant’s limit of waiting ones, and starts within that of running ones', async () => {
    const instance = await fixture.open({ settings: { queuedPerTenant: 3, runningPerTenant: 1 } });
    const { jobs } = instance;
    // Nothing is done with it, so that it goes on running.
    const running = (await jobs.submit(submission(['a']))).job;
    await eventually(async () => (await jobs.get(null, running.jobId)).status === 'processing');
    const asked = Array.from({ length: 5 }, () => jobs.submit(submission(['b'])));
    const answers = await Promise.allSettled(asked);
    const refused = answers.filter((answer) => answer.status === 'rejected');
    expect(refused).toHaveLength(2);
    expect(refused[0]?.reason).toMatchObject({ code: 'QUOTA_EXCEEDED', retryAfterSeconds: 30 });
    await sleep(200);
    const { jobs: pending, total } = await jobs.list('north', { status: 'pending', limit: 10 });
    expect(total).toBe(3);
    expect(pending.map(({ queuePosition }) => queuePosition).sort()).toEqual([1, 2, 3]);
    expect((await jobs.submit(submission(['c'], { tenantId: 'south' }))).replayed).toBe(false);
  });

  it('waits for its turn by what tenants have had, and nobody’s is forgotten that is ahead', async () => {
    const { jobs } = await fixture.open();
    const { db } = fixture.fresh.database;
    await db.execute(sql`insert into job_shares values ('idle', 5), ('ahead', 500)`);
    const { job } = await jobs.submit(submission(['a']));
    await eventually(async () => (await jobs.get(null, job.jobId)).status === 'processing');
    const { rows } = await db.execute(sql`select * from job_shares order by served`);
    expect(rows).toEqual([
      { tenant_id: 'north', served: 6 },
      { tenant_id: 'ahead', served: 500 },
    ]);
  });

  it('is listed, the newest first, a page at a time', async () => {
    const { jobs } = await fixture.open();
    const ids: string[] = [];
    for (let i = 0; i < 5; i++) {
      fixture.now = new Date(fixture.now.getTime() + (i % 2));
      ids.unshift((await jobs.submit(submission(['a']))).job.jobId);
    }
    await jobs.submit(submission(['a'], { tenantId: 'south' }));
    const first = await jobs.list('north', { limit: 3 });
    const cursor = first.nextCursor ?? '';
    const second = await jobs.list('north', { limit: 3, cursor });
    const listed = [...first.jobs, ...second.jobs].map(({ jobId }) => jobId);
    expect(listed).toEqual(ids);
    expect(second).toMatchObject({ nextCursor: null, total: 5 });
    expect((await jobs.list(null, { limit: 10 })).total).toBe(6);
    for (const made of ['x', `999999999999999_${ids[0]}`]) {
      const refused = { code: 'VALIDATION_ERROR', fields: [{ field: 'cursor' }] };
      await expect(jobs.list('north', { limit: 3, cursor: made })).rejects.toMatchObject(refused);
    }
  });
});

describe('cancelling', () => {
  it('stops a running job within two seconds, in every process, and adds nothing afterwards', async () => {
    const [worker, api] = [await fixture.open(), await fixture.open()];
    const inference = new TestInference({ delayMs: 300 });
    await worker.work(fixture.queues, inference);
    const { job } = await api.jobs.submit(submission(texts(5_000)));
    await eventually(async () => (await resultsOf(api.jobs, job.jobId)).length > 0);
    const cancelled = await api.jobs.cancel('north', job.jobId, ACTOR);
    expect(cancelled.status).toBe('cancelled');
    const kept = await resultsOf(api.jobs, job.jobId);
    await sleep(1_500);
    const predicted = inference.texts.length;
    await sleep(1_000);
    expect(inference.texts.length).toBe(predicted);
    expect(await resultsOf(api.jobs, job.jobId)).toEqual(kept);
    expect(kept.length).toBeLessThan(5_000);
    expect((await api.jobs.get('north', job.jobId)).progress.current).toBe(kept.length);
    expect((await fixture.queues.queue('job-slices').counts()).waiting).toBe(0);
    await expect(api.jobs.cancel('north', job.jobId, ACTOR)).rejects.toMatchObject({
      code: 'JOB_ALREADY_FINISHED',
    });
  });

  it('asks the queue only for what was let to it, after everybody has been told', async () => {
    const { jobs } = await fixture.open();
    const followed: string[] = [];
    const queue = fixture.queues.queue('job-slices');
    const remove = jest.spyOn(queue, 'remove').mockImplementation(async () => {
      await eventually(() => followed.at(-1) === 'cancelled', 2_000);
    });
    const { job } = await jobs.submit(submission(texts(1_000)));
    const admitted = sql`select id from job_slices where state = 'admitted'`;
    const ids: string[] = [];
    await eventually(async () => {
      const { rows } = await fixture.fresh.database.db.execute<{ id: string }>(admitted);
      ids.push(...rows.map(({ id }) => id));
      return ids.length > 0;
    });
    const following = (async () => {
      const { signal } = new AbortController();
      for await (const { type } of jobs.events(null, job.jobId, { afterSeq: 0, signal })) {
        followed.push(type);
      }
    })();
    await jobs.cancel(null, job.jobId, ACTOR);
    await following;
    expect(remove.mock.calls.map(([id]) => id).sort()).toEqual(ids.sort());
  });

  it('ends a job that was never started, and lets the next one in', async () => {
    const instance = await fixture.open({ settings: { runningPerTenant: 1 } });
    const { jobs } = instance;
    const first = (await jobs.submit(submission(texts(200)))).job.jobId;
    const second = (await jobs.submit(submission(['a']))).job.jobId;
    await eventually(async () => (await jobs.get(null, first)).status === 'processing');
    await jobs.cancel('north', first, ACTOR);
    await eventually(async () => (await jobs.get(null, second)).status === 'processing');
    await jobs.cancel('north', second, ACTOR);
    const inference = new TestInference();
    await instance.work(fixture.queues, inference);
    await jobs.sweep();
    await sleep(300);
    expect(inference.texts).toEqual([]);
  });
});

describe('what goes wrong on the way', () => {
  it('is tried again while it may pass', async () => {
    const instance = await fixture.open();
    let failures = 2;
    const inference = new TestInference({
      before: () => {
        if (failures-- > 0) throw new DomainError('OVERLOADED', 'busy');
      },
    });
    await instance.work(fixture.queues, inference);
    const { job } = await instance.jobs.submit(submission(['a', 'b']));
    await eventually(isDone(instance.jobs, job.jobId));
    expect(await resultsOf(instance.jobs, job.jobId)).toHaveLength(2);
    expect((await instance.jobs.get(null, job.jobId)).progress.failed).toBe(0);
  });

  it('fails the job when its file is gone, and a row that is none is that item’s own failure', async () => {
    const rows: (string | null)[] = texts(130);
    rows[99] = null;
    const files = new MemoryFiles(rows);
    const instance = await fixture.open({ files });
    await instance.work(fixture.queues, new TestInference());
    const ask = () => instance.jobs.submit({ ...submission([]), inputs: undefined, file: FILE });
    const { job } = await ask();
    await eventually(isDone(instance.jobs, job.jobId));
    const lines = await resultsOf(instance.jobs, job.jobId);
    expect(lines).toHaveLength(130);
    expect(lines[98]?.prediction?.label).toBe('label of text 98');
    expect(lines[99]).toEqual({
      index: 99,
      error: { code: 'VALIDATION_ERROR', message: 'This row is no input.' },
    });
    await instance.jobs.purge(null, job.jobId, ACTOR);
    expect(files.removed).toEqual([FILE.id]);
    const late = (await ask()).job.jobId;
    await eventually(isDone(instance.jobs, late));
    expect(await instance.jobs.get(null, late)).toMatchObject({
      status: 'failed',
      error: { code: 'NOT_FOUND' },
    });
  });

  it('is narrowed down to the items that are at fault', async () => {
    const instance = await fixture.open();
    const inference = new TestInference({
      before: ({ inputs }) => {
        if (inputs.some(({ text }) => text === 'text 11')) throw new TypeError('unforeseen');
      },
    });
    await instance.work(fixture.queues, inference);
    const { job } = await instance.jobs.submit(submission(texts(16)));
    const sweeping = setInterval(() => void instance.jobs.sweep(), 50);
    try {
      await eventually(isDone(instance.jobs, job.jobId), 40_000);
    } finally {
      clearInterval(sweeping);
    }
    const lines = await resultsOf(instance.jobs, job.jobId);
    expect(lines.map(({ index }) => index)).toEqual(lines.map((_, i) => i));
    expect(lines).toHaveLength(16);
    const failed = lines.filter(({ error }) => error !== undefined);
    expect(failed).toMatchObject([{ index: 11, error: { code: 'INFERENCE_ERROR' } }]);
    expect(await instance.jobs.get(null, job.jobId)).toMatchObject({
      status: 'completed',
      progress: { failed: 1 },
    });
  });

  it('does not harm when two work on the same slice: one of them counts', async () => {
    const one = await fixture.open({ settings: { heartbeatMs: 60_000, staleMs: 1 } });
    const { job } = await one.jobs.submit(submission(texts(3)));
    let slices: { id: string }[] = [];
    await eventually(async () => {
      const admitted = sql`select id from job_slices where state = 'admitted'`;
      slices = (await fixture.fresh.database.db.execute<{ id: string }>(admitted)).rows;
      return slices.length === 1;
    });
    const line = () => '';
    const first = await one.jobs.slices.begin(slices[0]?.id ?? '', 'w1', line);
    await sleep(20);
    const second = await one.jobs.slices.begin(slices[0]?.id ?? '', 'w2', line);
    if (first === null || second === null) throw new Error('the slice was not there');
    const lines = ['{"index":0}', '{"index":1}', '{"index":2}'];
    await Promise.all([
      one.jobs.slices.finish(first, lines, 1),
      one.jobs.slices.finish(second, lines, 1),
    ]);
    first.end();
    second.end();
    expect((await one.jobs.get(null, job.jobId)).progress).toMatchObject({ current: 3, failed: 1 });
    expect(await count('job_results')).toBe(1);
  });

  it('fails a job at its deadline', async () => {
    const { jobs } = await fixture.open({ settings: { deadlineHours: 2 } });
    const { job } = await jobs.submit(submission(['a']));
    fixture.passHours(2);
    await jobs.sweep();
    expect(await jobs.get(null, job.jobId)).toMatchObject({
      status: 'failed',
      error: { code: 'INFERENCE_TIMEOUT' },
    });
  });
});
