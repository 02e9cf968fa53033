import { newId } from '@app/common';
import type { JobRow, JobTopic } from '@app/jobs';
import { DeliveringJobNotifier } from '../../apps/worker/src/job-notifier.js';
import { DeliveryBench, TEST_CIPHER } from '../support/delivery-bench.js';
import { verified, WebhookReceiver } from '../support/webhook-receiver.js';

const SMTP = { url: 'smtp://127.0.0.1:1', from: 'noreply@hospital.example' };

describe('what is told of a job', () => {
  let bench: DeliveryBench;
  let endpoint: WebhookReceiver;
  let callback: WebhookReceiver;

  beforeEach(async () => {
    bench = await DeliveryBench.open({ smtp: SMTP });
    [endpoint, callback] = [await WebhookReceiver.start(), await WebhookReceiver.start()];
  });
  afterEach(async () => {
    await Promise.all([endpoint.down(), callback.down()]);
    await bench.close();
  });

  function jobOf(status: string, more: Partial<JobRow> = {}): JobRow {
    const id = newId();
    const sealed = (column: string, plain: string) =>
      TEST_CIPHER.encrypt({ table: 'jobs', column, row: id }, plain);
    return {
      id,
      tenantId: 'north',
      status,
      total: 10,
      done: 10,
      failed: 1,
      callbackUrl: sealed('callback_url', callback.url),
      callbackEvents: ['job.completed', 'job.failed', 'job.cancelled'],
      notifyEmail: sealed('notify_email', 'ward@hospital.example'),
      metadata: sealed('metadata', '{"patient":"Ada"}'),
      error: null,
      ...more,
    } as JobRow;
  }

  async function announce(job: JobRow, topic: JobTopic, publicUrl: string | null = null) {
    const { deliveries, webhooks, notifications, fresh } = bench;
    const parts = { deliveries, webhooks, notifications, cipher: TEST_CIPHER, publicUrl };
    const notifier = new DeliveringJobNotifier(parts);
    const ids = await fresh.database.transaction((tx) => notifier.announce(tx, job, topic));
    await deliveries.wake(ids);
    await bench.run();
    return ids;
  }

  it('goes to endpoints, the callback URL and by mail, each under an id of its own', async () => {
    await bench.endpoint(endpoint.url);
    const { secret } = await bench.rotate();
    const job = jobOf('completed');
    const ids = await announce(job, 'job.completed', 'https://ai.example.org');
    expect(new Set(ids).size).toBe(3);
    const told = {
      type: 'job.completed',
      timestamp: '2026-11-21T12:00:00.000Z',
      data: {
        job_id: job.id,
        status: 'completed',
        result_url: `https://ai.example.org/jobs/${job.id}/results`,
        counts: { total: 10, done: 10, failed: 1 },
        error: null,
      },
    };
    for (const { received } of [endpoint, callback]) {
      expect(received).toHaveLength(1);
      expect(verified(secret, received[0]!, bench.clock.now)).toEqual(told);
    }
    const mail = await bench.deliveries.get('north', ids[2]!);
    expect(mail).toMatchObject({ kind: 'email', subjectId: job.id, payload: told.data });
    expect(bench.deliveries.destinationOf(mail)).toBe('ward@hospital.example');
  });

  it('tells why a job failed, with a relative link where the service knows no public one', async () => {
    const error = { code: 'MODEL_NOT_FOUND', message: 'The model was retired.' };
    const job = jobOf('failed', { error, notifyEmail: null });
    await announce(job, 'job.failed');
    expect(JSON.parse(callback.received[0]!.body)).toMatchObject({
      type: 'job.failed',
      data: { status: 'failed', error, result_url: `/jobs/${job.id}/results` },
    });
  });

  it('is no more than the caller wanted, and by mail only the end', async () => {
    expect(await announce(jobOf('processing'), 'job.started')).toEqual([]);
    const callbackEvents = ['job.started'];
    expect(await announce(jobOf('processing', { callbackEvents }), 'job.started')).toHaveLength(1);
    expect(await announce(jobOf('completed', { callbackEvents }), 'job.completed')).toHaveLength(1);
    expect(callback.received.map(({ body }) => JSON.parse(body).type)).toEqual(['job.started']);
    const nothing = jobOf('completed', { callbackUrl: null, notifyEmail: null });
    expect(await announce(nothing, 'job.completed')).toEqual([]);
  });

  it('is of progress no more than every ten seconds', async () => {
    const job = jobOf('processing', { callbackEvents: ['job.progress'] });
    const told = [];
    for (const wait of [0, 500, 9_000, 600, 5_000]) {
      bench.clock.now += wait;
      told.push((await announce(job, 'job.progress')).length);
    }
    expect(told).toEqual([1, 0, 0, 1, 0]);
    expect(
      await announce(jobOf('processing', { callbackEvents: ['job.progress'] }), 'job.progress'),
    ).toHaveLength(1);
  });
});
