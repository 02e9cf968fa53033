import { setTimeout as sleep } from 'node:timers/promises';
import { clinicalTexts, fillerForRate } from '../support/clinical-texts.js';
import { eventually } from '../support/eventually.js';
import { Fleet } from '../support/fleet.js';
import { JobsClient } from '../support/jobs-client.js';
import { describeWithRedis } from '../support/redis.js';

const WINDOW_MS = Number(process.env.FAIRNESS_SECONDS ?? 30) * 1_000;
const ADMIN = { username: 'admin', password: 'the-first-password' };

/** Five tenants, what they weigh, and how they submit: the lightest of them floods the service first. */
const TENANTS = [
  { name: 'flood', weight: 1, jobs: [8_000, 8_000, 8_000, 8_000], waitMs: 0 },
  { name: 'even', weight: 1, jobs: [6_000], waitMs: 1_500 },
  { name: 'double', weight: 2, jobs: [8_000, 2_000], waitMs: 500 },
  { name: 'late', weight: 2, jobs: [8_000], waitMs: 2_500 },
  { name: 'heavy', weight: 4, jobs: [8_000, 7_000], waitMs: 2_000 },
];
/** What one process is to predict: slow enough that nobody's work runs out. */
const PER_SECOND = 150;

interface Share {
  readonly name: string;
  /** Of all weights. */
  readonly due: number;
  /** Of all items. */
  readonly got: number;
  readonly perSecond: number;
}

describeWithRedis('ten jobs of five tenants on two workers', () => {
  let fleet: Fleet;
  const clients: JobsClient[] = [];

  beforeAll(async () => {
    fleet = await Fleet.start({
      apis: 2,
      workers: 2,
      settings: { REQUIRE_API_KEY: 'true', ADMIN_PASSWORD: ADMIN.password },
    });
    const admin = await signIn(fleet.apis[0]!.url);
    for (const [i, { name, weight }] of TENANTS.entries()) {
      clients.push(await tenantOf(fleet, admin, { name, weight, api: fleet.apis[i % 2]!.url }));
    }
    // Weights are read at the start, and then every half minute.
    await Promise.all(
      fleet.workers.map(async (worker) => {
        await worker.kill('SIGTERM');
        worker.spawn();
        await worker.ready();
      }),
    );
    await Promise.all(
      fleet.apis.map(async (api) => {
        await api.kill('SIGTERM');
        api.spawn();
        await api.ready();
      }),
    );
  }, 120_000);
  afterAll(async () => {
    await fleet?.stop();
  });

  it(
    'give each tenant at least half of its weighted share',
    async () => {
      const filler = await fillerForRate(clients[0]!, PER_SECOND);
      // As in a service that has run for a while, slices are made for what the workers do.
      const earlier = await clients[0]!.submit(jobOf(1_000, 0, filler));
      await clients[0]!.ended(earlier, 60_000);
      const ids = await Promise.all(
        TENANTS.map(async ({ jobs, waitMs }, i) => {
          await sleep(waitMs);
          const submitted: string[] = [];
          for (const items of jobs) {
            submitted.push(await clients[i]!.submit(jobOf(items, i, filler)));
          }
          return submitted;
        }),
      );
      expect(ids.flat()).toHaveLength(10);
      await eventually(async () => {
        await sleep(200);
        return (await tenantsAtWork(fleet)) === TENANTS.length;
      }, 60_000);

      const before = await itemsOf(fleet);
      const started = performance.now();
      await sleep(WINDOW_MS);
      const after = await itemsOf(fleet);
      const seconds = (performance.now() - started) / 1_000;
      // Nobody's work may have run out meanwhile: then others had the rest.
      expect(await tenantsAtWork(fleet)).toBe(TENANTS.length);

      const shares = sharesOf(before, after, seconds);
      if (process.env.FAIRNESS_SECONDS !== undefined) console.log(JSON.stringify(shares, null, 1));
      for (const share of shares) {
        expect({ ...share, ok: share.got >= share.due / 2 }).toEqual({ ...share, ok: true });
      }
    },
    WINDOW_MS + 180_000,
  );
});

function jobOf(items: number, seed: number, filler: number): object {
  return { model: 'clinical-assertion', inputs: clinicalTexts(items, seed, filler) };
}

/** Items computed for each tenant so far, by its name. */
async function itemsOf({ postgres }: Fleet): Promise<ReadonlyMap<string, number>> {
  const rows = await postgres.query<{ name: string; items: string }>(`
    select tenants.name, sum(jobs.done + coalesce(running.computed, 0)) as items
    from jobs join tenants on tenants.id = jobs.tenant_id
    left join lateral (
      select sum(computed) as computed from job_slices
      where job_id = jobs.id and state = 'admitted'
    ) running on true
    group by tenants.name`);
  return new Map(rows.map(({ name, items }) => [name, Number(items)]));
}

async function tenantsAtWork({ postgres }: Fleet): Promise<number> {
  const [row] = await postgres.query<{ tenants: string }>(
    "select count(distinct tenant_id) as tenants from jobs where status = 'processing'",
  );
  return Number(row?.tenants);
}

function sharesOf(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  seconds: number,
): Share[] {
  const items = TENANTS.map(({ name }) => (after.get(name) ?? 0) - (before.get(name) ?? 0));
  const all = items.reduce((sum, count) => sum + count, 0);
  const weights = TENANTS.reduce((sum, { weight }) => sum + weight, 0);
  return TENANTS.map(({ name, weight }, i) => ({
    name,
    due: weight / weights,
    got: items[i]! / all,
    perSecond: items[i]! / seconds,
  }));
}

async function signIn(url: string): Promise<string> {
  const response = await fetch(`${url}/auth/login`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(ADMIN),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

async function tenantOf(
  { apis }: Fleet,
  admin: string,
  { name, weight, api }: { name: string; weight: number; api: string },
): Promise<JobsClient> {
  const send = async (
    method: string,
    route: string,
    body: object,
  ): Promise<Record<string, string>> => {
    const response = await fetch(apis[0]!.url + route, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${admin}` },
      body: JSON.stringify(body),
    });
    expect(response.ok).toBe(true);
    return (await response.json()) as Record<string, string>;
  };
  const { id } = await send('POST', '/admin/tenants', { name, tier: 'enterprise' });
  await send('PATCH', `/admin/tenants/${id}`, { weight });
  const { api_key } = await send('POST', '/admin/api-keys', {
    name,
    tenant_id: id,
    tier: 'enterprise',
    permissions: ['jobs', 'predict'],
  });
  return new JobsClient(api, api_key);
}
