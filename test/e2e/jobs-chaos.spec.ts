import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { SeededRandom } from '../../libs/inference/src/testing/seeded-random.js';
import { clinicalTexts, fillerForRate } from '../support/clinical-texts.js';
import { eventually } from '../support/eventually.js';
import { Fleet, type FleetProcess } from '../support/fleet.js';
import { JobsClient, type JobState } from '../support/jobs-client.js';
import { describeWithRedis, type TestRedis } from '../support/redis.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';

const SEED = Number(process.env.CHAOS_SEED ?? 5);
const ITEMS = 3_000;
const KILLS_A_WORKER = 10;

describeWithRedis('a job through everything that can go down', () => {
  let fleet: Fleet;
  let receiver: WebhookReceiver;
  let client: JobsClient;
  let watch: ProgressWatch | undefined;
  const random = new SeededRandom(SEED, 'chaos');
  const between = (least: number, most: number) => least + random.next() * (most - least);

  beforeAll(async () => {
    receiver = await WebhookReceiver.start();
    fleet = await Fleet.start({ apis: 1, workers: 2 });
    client = new JobsClient(fleet.apis[0]!.url);
  }, 120_000);
  afterAll(async () => {
    await watch?.stop();
    await fleet?.stop();
    await receiver?.down();
  });

  it('has one result for every item, in order, and tells of its end under one id', async () => {
    const texts = clinicalTexts(ITEMS, SEED, await fillerForRate(client, 80));
    const expected = await answersOf(client, texts);
    const secret = await newSecret(client);
    await makeSlicesSmall(fleet);
    const completions = () =>
      receiver.received.filter(({ body }) => typeOf(body) === 'job.completed');
    receiver.answer = (response, received) => {
      const first = typeOf(received.body) === 'job.completed' && completions().length === 1;
      answering(first ? 503 : 204)(response, received);
    };

    const id = await client.submit({
      model: 'clinical-assertion',
      inputs: texts,
      callback_url: receiver.url,
      callback_events: ['job.started', 'job.progress', 'job.completed', 'job.failed'],
    });
    watch = watchProgress(client, id);
    let killed = 0;
    await Promise.all([
      ...fleet.workers.map(async (worker) => {
        for (let i = 0; i < KILLS_A_WORKER; i++) {
          await killAndRestart(worker, between(100, 2_500));
          killed++;
        }
      }),
      disasters(fleet, between),
    ]);
    expect(killed).toBe(2 * KILLS_A_WORKER);
    // Else the last kills have met nobody at work.
    expect((await client.get(id)).status).toBe('processing');
    await Promise.all(fleet.workers.map((worker) => worker.ready()));
    const job = await client.ended(id, 90_000);

    expect(job).toMatchObject({ status: 'completed', error: null });
    expect(job.progress).toMatchObject({ current: ITEMS, total: ITEMS, failed: 0 });
    expect(job.attempts).toBeGreaterThan(1);
    const results = await client.results(id);
    expect(results.map(({ index }) => index)).toEqual(texts.map((_, i) => i));
    expect(results.map(({ prediction }) => prediction?.label)).toEqual(
      texts.map((text) => expected.get(text)),
    );
    const stored = await fleet.postgres.query<{ items: string; rows: string }>(
      'select sum(items) as items, count(distinct first_item) as rows from job_results where job_id = $1',
      [id],
    );
    expect(Number(stored[0]?.items)).toBe(ITEMS);

    const seen = await watch.stop();
    expect(seen.length).toBeGreaterThan(20);
    for (const [i, { progress }] of seen.entries()) {
      expect(progress.current).toBeLessThanOrEqual(ITEMS);
      expect(progress.current).toBeGreaterThanOrEqual(seen[i - 1]?.progress.current ?? 0);
    }

    // The first attempt was refused; what remembers when the next one is due is lost as well.
    await eventually(() => completions().length > 0, 15_000);
    await flush(fleet.redis);
    await eventually(() => completions().length > 1, 30_000);
    expect(new Set(completions().map(({ headers }) => headers['webhook-id'])).size).toBe(1);
    const started = receiver.received.filter(({ body }) => typeOf(body) === 'job.started');
    expect(new Set(started.map(({ headers }) => headers['webhook-id'])).size).toBeLessThanOrEqual(
      1,
    );
    for (const received of receiver.received) {
      expect(verified(secret, received, Date.now())).toMatchObject({ data: { job_id: id } });
    }
    expect(verified(secret, completions()[0]!, Date.now())).toMatchObject({
      data: { status: 'completed', counts: { total: ITEMS, done: ITEMS, failed: 0 } },
    });
  }, 240_000);
});

async function killAndRestart(worker: FleetProcess, afterMs: number): Promise<void> {
  await worker.ready();
  await sleep(afterMs);
  await worker.kill('SIGKILL');
  worker.spawn();
}

/** One after another, while the workers are being killed. */
async function disasters(
  { redis, postgres, apis }: Fleet,
  between: (least: number, most: number) => number,
): Promise<void> {
  await sleep(between(1_000, 3_000));
  await redis.kill();
  await sleep(between(500, 2_000));
  await redis.up();
  await sleep(between(2_000, 4_000));
  await flush(redis);
  await sleep(between(1_000, 3_000));
  await postgres.restart('SIGKILL');
  await sleep(between(1_000, 3_000));
  const [api] = apis;
  await api?.kill('SIGKILL');
  api?.spawn();
  await api?.ready();
  await sleep(between(1_000, 3_000));
  await postgres.restart('SIGINT');
}

async function flush({ url }: TestRedis): Promise<void> {
  const client = new Redis(url);
  await client.flushall();
  client.disconnect();
}

/** A model that was slow so far gets the smallest slices, so that some end between two kills. */
async function makeSlicesSmall({ postgres }: Fleet): Promise<void> {
  await postgres.query(`
    insert into jobs (id, tenant_id, principal_id, tier, request_id, status, model, model_version,
      options, total, done, callback_events, created_at, started_at, completed_at, deadline_at)
    select gen_random_uuid(), 'default', 'nobody', 'free', 'req', 'completed', 'clinical-assertion',
      version, '{}', 1000, 1000, '{}', now(), now() - interval '200 s', now(), now()
    from (values ('${await servedVersion()}')) as served (version)`);
}

async function servedVersion(): Promise<string> {
  const { readdir } = await import('node:fs/promises');
  return (await readdir('models/clinical-assertion')).sort().at(-1) ?? '';
}

async function answersOf(
  client: JobsClient,
  texts: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const distinct = [...new Set(texts)];
  const answers = await client.predict(distinct);
  return new Map(distinct.map((text, i) => [text, answers[i]!.label]));
}

async function newSecret(client: JobsClient): Promise<string> {
  const { status, body } = await client.call('POST', '/webhooks/secret/rotate', { body: {} });
  expect(status).toBe(201);
  return (body as { secret: string }).secret;
}

function typeOf(body: string): string {
  return (JSON.parse(body) as { type: string }).type;
}

interface ProgressWatch {
  stop(): Promise<readonly JobState[]>;
}

/** Looks at a job again and again; answers that do not come are passed over. */
function watchProgress(client: JobsClient, id: string): ProgressWatch {
  const seen: JobState[] = [];
  let running = true;
  const looking = (async () => {
    while (running) {
      await client.get(id).then(
        (job) => seen.push(job),
        () => undefined,
      );
      await sleep(200);
    }
  })();
  return {
    stop: async () => {
      running = false;
      await looking;
      return seen;
    },
  };
}
