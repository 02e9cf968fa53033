import { DomainError } from '@app/common';
import { sql } from 'drizzle-orm';
import { eventually } from '../support/eventually.js';
import { isDone, JobsFixture } from '../support/jobs-fixture.js';
import { resultsOf, submission, TestInference, texts } from '../support/jobs.js';

const fixture = JobsFixture.use();

describe('a model version', () => {
  const OTHERS = ['assertion@2.0.0', 'notes@1.0.0'];

  it('that few workers serve is left to them; what others send back is no attempt', async () => {
    const [other, serving] = [await fixture.open(), await fixture.open()];
    const [idle, busy] = [new TestInference(), new TestInference({ delayMs: 50 })];
    await other.work(fixture.queues, idle, OTHERS);
    await serving.work(fixture.queues, busy);
    const { job } = await other.jobs.submit(submission(texts(300)));
    await eventually(isDone(other.jobs, job.jobId), 20_000);
    expect(await other.jobs.get(null, job.jobId)).toMatchObject({
      status: 'completed',
      attempts: 1,
    });
    expect(await resultsOf(other.jobs, job.jobId)).toHaveLength(300);
    expect(idle.texts).toEqual([]);
    expect(busy.texts).toHaveLength(300);
    // What was sent back is not counted as had.
    const { rows } = await fixture.fresh.database.db.execute(sql`select * from job_shares`);
    expect(rows).toEqual([{ tenant_id: 'north', served: 300 }]);
  });

  it('that nobody serves keeps no place, and fails the job when that is no restart', async () => {
    const { jobs, ...instance } = await workerOf(OTHERS);
    const sweepAt = async (seconds: number) => {
      fixture.now = new Date(instance.start + seconds * 1_000);
      await jobs.sweep();
      return (await jobs.get(null, instance.early)).status;
    };
    await eventually(async () => (await states()).every((state) => state === 'waiting'));
    const model = { name: 'assertion', version: '2.0.0' };
    const { job } = await jobs.submit(submission(['b'], { model, tenantId: 'south' }));
    await eventually(isDone(jobs, job.jobId));
    for (const seconds of [0, 20, 40]) expect(await sweepAt(seconds)).toBe('processing');
    const stop = await instance.work();
    await eventually(async () => (await sweepAt(45)) === 'completed');
    await stop();
    const late = (await jobs.submit(submission(texts(200)))).job.jobId;
    for (const seconds of [50, 75, 100, 110]) await sweepAt(seconds);
    expect((await jobs.get(null, late)).status).toBe('pending');
    await sweepAt(111);
    expect(await jobs.get(null, late)).toMatchObject({
      status: 'failed',
      error: {
        code: 'UNKNOWN_MODEL_VERSION',
        message:
          'No worker has served version 1.0.0 of assertion for over a minute. Serve that version ' +
          'again and retry the job, or submit it anew for a version that is served.',
      },
    });
  });

  it('that is not open yet keeps no other tenant from the workers', async () => {
    const instance = await fixture.open();
    let ready = false;
    const inference = new TestInference({
      before: ({ inputs }) => {
        if (ready || !inputs[0]?.text.startsWith('stuck')) return;
        throw new DomainError('MODEL_NOT_READY', 'It is not open here.');
      },
    });
    await instance.work(fixture.queues, inference);
    const stuck = (await instance.jobs.submit(submission(texts(500, 'stuck')))).job.jobId;
    await eventually(async () => (await instance.jobs.get(null, stuck)).status === 'processing');
    const other = submission(texts(200), { tenantId: 'south' });
    const { job } = await instance.jobs.submit(other);
    await eventually(isDone(instance.jobs, job.jobId), 8_000);
    ready = true;
    await eventually(isDone(instance.jobs, stuck), 20_000);
    expect(await instance.jobs.get(null, stuck)).toMatchObject({
      status: 'completed',
      attempts: 1,
    });
  });

  /** A job that was let to the queue before there was any worker, and one that does not serve it. */
  async function workerOf(models: readonly string[]) {
    const instance = await fixture.open();
    const { jobs } = instance;
    const early = (await jobs.submit(submission(texts(200)))).job.jobId;
    await eventually(async () => (await states()).includes('admitted'));
    await instance.work(fixture.queues, new TestInference(), models);
    const work = () => instance.work(fixture.queues, new TestInference());
    return { jobs, early, work, start: fixture.now.getTime() };
  }

  async function states(): Promise<string[]> {
    const { rows } = await fixture.fresh.database.db.execute<{ state: string }>(
      sql`select state from job_slices`,
    );
    return rows.map(({ state }) => state);
  }
});
