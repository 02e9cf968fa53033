import { setTimeout as sleep } from 'node:timers/promises';
import type { JobEvent, Jobs } from '@app/jobs';
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

describe('retention', () => {
  it('removes input and results when their time is over, and keeps the counts', async () => {
    const instance = await fixture.open({ settings: { resultHours: 24 } });
    const { jobs } = instance;
    await instance.work(fixture.queues, new TestInference());
    const { job } = await jobs.submit(submission(texts(120), { metadata: { a: 1 } }));
    await eventually(isDone(jobs, job.jobId));
    fixture.passHours(23);
    await jobs.sweep();
    expect(await resultsOf(jobs, job.jobId)).toHaveLength(120);
    fixture.passHours(2);
    await jobs.sweep();
    expect([await count('job_results'), await count('job_slices')]).toEqual([0, 0]);
    await expect(resultsOf(jobs, job.jobId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const view = await jobs.get(null, job.jobId);
    expect(view).toMatchObject({ status: 'completed', metadata: null, progress: { current: 120 } });
    expect(view.purgedAt).toEqual(fixture.now);
  });

  it('ends at once for who asks for it, but not before the job has ended', async () => {
    const { jobs } = await fixture.open();
    const { job } = await jobs.submit(submission(['a']));
    await expect(jobs.purge('north', job.jobId, ACTOR)).rejects.toMatchObject({ code: 'CONFLICT' });
    await jobs.cancel('north', job.jobId, ACTOR);
    await jobs.purge('north', job.jobId, ACTOR);
    await jobs.purge('north', job.jobId, ACTOR);
    expect(await count('job_slices')).toBe(0);
  });
});

describe('results that are removed in the midst of being read', () => {
  it.each(['completed', 'cancelled'])(
    'do not end as if they were all: of a %s job',
    async (end) => {
      const instance = await fixture.open();
      const { jobs } = instance;
      const inference = new TestInference({ delayMs: end === 'completed' ? 0 : 200 });
      const { job } = await jobs.submit(submission(texts(300)));
      await instance.work(fixture.queues, inference);
      if (end === 'completed') await eventually(isDone(jobs, job.jobId));
      else await eventually(async () => (await resultsOf(jobs, job.jobId)).length > 50);
      if (end === 'cancelled') await jobs.cancel(null, job.jobId, ACTOR);
      const reading = jobs.results(null, job.jobId, { fromItem: 0 })[Symbol.asyncIterator]();
      expect((await reading.next()).done).toBe(false);
      await jobs.purge(null, job.jobId, ACTOR);
      await expect(reading.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
    },
  );

  it('are all there when the last was read before', async () => {
    const instance = await fixture.open();
    const { jobs } = instance;
    const { job } = await jobs.submit(submission(['a']));
    await instance.work(fixture.queues, new TestInference());
    await eventually(isDone(jobs, job.jobId));
    const reading = jobs.results(null, job.jobId, { fromItem: 0 })[Symbol.asyncIterator]();
    await reading.next();
    await jobs.purge(null, job.jobId, ACTOR);
    expect((await reading.next()).done).toBe(true);
  });
});

describe('events', () => {
  async function follow(jobs: Jobs, id: string, afterSeq = 0, signal?: AbortSignal) {
    const events: JobEvent[] = [];
    const never = new AbortController().signal;
    for await (const event of jobs.events(null, id, { afterSeq, signal: signal ?? never })) {
      events.push(event);
    }
    return events;
  }

  it('are followed in another process from the first to the last, and resumed', async () => {
    const clock = { now: () => new Date() };
    const [worker, api] = [await fixture.open(clock), await fixture.open(clock)];
    const { job } = await api.jobs.submit(submission(texts(600)));
    const following = follow(api.jobs, job.jobId);
    await worker.work(fixture.queues, new TestInference({ delayMs: 300 }));
    const events = await following;
    expect(events.map(({ type }) => type)).toEqual([
      'queued',
      ...Array.from({ length: events.length - 2 }, () => 'progress'),
      'completed',
    ]);
    expect(events.length).toBeGreaterThan(3);
    const told = events.map(({ progress }) => progress.current);
    expect(told).toEqual([...told].sort((a, b) => a - b));
    expect(told.at(-1)).toBe(600);
    const rated = events.find(({ progress }) => progress.itemsPerSecond !== null);
    expect(rated?.progress.itemsPerSecond).toBeGreaterThan(50);
    expect(rated?.progress.etaSeconds).toBeGreaterThan(0);
    const progress = events.filter(({ type }) => type === 'progress').map(({ at }) => +at);
    const gaps = progress.slice(1).map((at, i) => at - (progress[i] ?? 0));
    expect(Math.min(...gaps)).toBeGreaterThan(400);
    // Of a finished job, progress is no longer told.
    const again = await follow(api.jobs, job.jobId);
    expect(again.map(({ type }) => type)).toEqual(['queued', 'completed']);
    expect(await follow(api.jobs, job.jobId, again[0]?.seq)).toEqual(again.slice(1));
    expect(await follow(api.jobs, job.jobId, again[1]?.seq)).toEqual([]);
  });

  it('end with the signal', async () => {
    const { jobs } = await fixture.open();
    const { job } = await jobs.submit(submission(['a']));
    const abort = new AbortController();
    const following = follow(jobs, job.jobId, 0, abort.signal);
    await sleep(200);
    abort.abort();
    expect((await following).map(({ type }) => type)).toEqual(['queued', 'progress']);
  });
});
