import { setTimeout as sleep } from 'node:timers/promises';
import { SeededRandom } from '../../libs/inference/src/testing/seeded-random.js';
import { clinicalTexts, textsForSeconds } from '../support/clinical-texts.js';
import { eventually } from '../support/eventually.js';
import { Fleet, type FleetProcess } from '../support/fleet.js';
import { JobsClient } from '../support/jobs-client.js';
import { describeWithRedis } from '../support/redis.js';
import { WebhookReceiver } from '../support/webhook-receiver.js';

const JOB_SECONDS = 6;
const STOP_MS = 2_000;
/** A job may end between the look that finds it far enough and its cancellation. */
const TRIES = 4;

/** When a job is cancelled: right away, or once this share of it has been computed. */
const MOMENTS = [0, 0, 0.01, 0.05, 0.2, 0.35, 0.5, 0.65, 0.8, 0.95];

describeWithRedis('a cancelled job', () => {
  let fleet: Fleet;
  let receiver: WebhookReceiver;
  let client: JobsClient;
  let texts: readonly string[];
  const random = new SeededRandom(Number(process.env.CHAOS_SEED ?? 7), 'cancel');

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({ apis: 1, workers: 2 });
    client = new JobsClient(fleet.apis[0]!.url);
    texts = await textsForSeconds(client, JOB_SECONDS, 3);
  }, 120_000);
  afterAll(async () => {
    await fleet?.stop();
    await receiver?.down();
  });

  const submit = (inputs: readonly string[]) =>
    client.submit({
      model: 'clinical-assertion',
      inputs,
      callback_url: receiver.url,
      callback_events: ['job.completed', 'job.cancelled', 'job.failed'],
    });

  const topicsOf = (id: string) =>
    receiver.received
      .map(({ body }) => JSON.parse(body) as { type: string; data: { job_id: string } })
      .filter(({ data }) => data.job_id === id)
      .map(({ type }) => type);

  /** Items the workers have predicted since they were started. */
  const predicted = async () => {
    const counts = await Promise.all(fleet.workers.map(predictionsOf));
    return counts.reduce((sum, count) => sum + count, 0);
  };

  /** Cancels a job once that share of it has been computed; another one when it has ended by then. */
  const cancelAt = async (moment: number) => {
    for (let tries = 1; ; tries++) {
      const id = await submit(texts);
      // Nowhere in particular between two answers.
      await sleep(random.next() * 100);
      await eventually(
        async () => (await client.get(id)).progress.current >= moment * texts.length,
        60_000,
      );
      const cancelled = await client.cancel(id);
      const at = performance.now();
      if (cancelled.status !== 409 || tries === TRIES) return { id, cancelled, at };
    }
  };

  it.each(MOMENTS)(
    'at %d of its way stops within two seconds',
    async (moment) => {
      const { id, cancelled, at } = await cancelAt(moment);
      // The last moments of a job may pass between any two looks.
      if (cancelled.status === 409 && moment > 0.9) return;
      expect(cancelled).toMatchObject({ status: 200, body: { status: 'cancelled' } });

      await sleep(STOP_MS - (performance.now() - at));
      const [atStop, results, slices] = await Promise.all([
        predicted(),
        client.results(id),
        openSlices(fleet, id),
      ]);
      expect(slices).toBe(0);
      await sleep(1_000);
      expect(await predicted()).toBe(atStop);
      expect(await client.results(id)).toHaveLength(results.length);
      expect(results.length).toBeLessThan(texts.length);
      const indices = results.map(({ index }) => index);
      expect(indices).toEqual([...new Set(indices)].sort((a, b) => a - b));

      expect(await client.get(id)).toMatchObject({ status: 'cancelled' });
      expect(await client.cancel(id)).toMatchObject({
        status: 409,
        body: { error_code: 'JOB_ALREADY_FINISHED' },
      });
      await eventually(() => topicsOf(id).length > 0);
      expect(topicsOf(id)).toEqual(['job.cancelled']);
    },
    90_000,
  );

  it('lets those after it have the workers at once, and cannot be one that has ended', async () => {
    const cancelled = await submit(texts);
    await eventually(async () => (await client.get(cancelled)).status === 'processing');
    await client.cancel(cancelled);
    const next = await submit(clinicalTexts(50, 5));
    expect(await client.ended(next, 10_000)).toMatchObject({ status: 'completed' });
    expect(await client.cancel(next)).toMatchObject({
      status: 409,
      body: { error_code: 'JOB_ALREADY_FINISHED' },
    });
    await eventually(() => topicsOf(next).length > 0);
    expect(topicsOf(next)).toEqual(['job.completed']);
  }, 120_000);
});

async function predictionsOf({ url }: FleetProcess): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^model_predictions_total\{[^}]*\} (\d+)/gm)];
  return counts.reduce((sum, [, count]) => sum + Number(count), 0);
}

async function openSlices({ postgres }: Fleet, jobId: string): Promise<number> {
  const [row] = await postgres.query<{ open: string }>(
    "select count(*) as open from job_slices where job_id = $1 and state <> 'done'",
    [jobId],
  );
  return Number(row?.open);
}
