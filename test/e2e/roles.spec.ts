import { randomBytes } from 'node:crypto';
import { freshDatabase, testServer, type FreshDatabase } from '@app/database/testing';
import { eventually } from '../support/eventually.js';
import { Service } from '../support/service.js';
import { TcpGate } from '../support/tcp-gate.js';

let fresh: FreshDatabase;
let gate: TcpGate;
const services: Service[] = [];
const key = randomBytes(32).toString('base64');
beforeAll(async () => {
  fresh = await freshDatabase();
  const { host, port = 5432 } = await testServer();
  gate = await TcpGate.before({ path: `${String(host)}/.s.PGSQL.${port}` });
});
afterEach(async () => {
  await Promise.all(services.splice(0).map((service) => service.stop('SIGKILL')));
});
afterAll(async () => {
  await gate.shut();
  await fresh.drop();
});

async function start(role: 'api' | 'worker'): Promise<Service> {
  const database = /@\/([^?]+)/.exec(fresh.url)?.[1] ?? '';
  const service = await Service.start({
    ROLE: role,
    DATABASE_URL: `postgres://postgres@127.0.0.1:${gate.port}/${database}`,
    ENCRYPTION_KEY: key,
    MODELS: 'clinical-assertion',
    LANES: '1',
  });
  services.push(service);
  return service;
}

interface JobAnswer {
  readonly job_id: string;
  readonly status: string;
  readonly progress: { readonly current: number; readonly failed: number };
}

describe('roles', () => {
  it('split the service: one process takes jobs in, others work on them and may be replaced', async () => {
    const [api, worker] = await Promise.all([start('api'), start('worker')]);
    expect((await worker.post('/predict', { sentence: 'no fever' })).status).toBe(404);
    expect((await fetch(`${worker.url}/metrics`)).status).toBe(200);

    const inputs = Array.from({ length: 5_000 }, (_, i) => `The patient denies pain ${i}.`);
    const submitted = await api.post('/jobs', { model: 'clinical-assertion', inputs });
    expect(submitted.status).toBe(202);
    const { job_id: id } = (await submitted.json()) as JobAnswer;
    const job = async () => (await (await fetch(`${api.url}/jobs/${id}`)).json()) as JobAnswer;

    await eventually(async () => (await job()).progress.current > 200, 20_000);
    const stopped = performance.now();
    expect(await worker.stop('SIGTERM')).toBe(0);
    expect(performance.now() - stopped).toBeLessThan(15_000);
    expect((await job()).status).toBe('processing');

    await start('worker');
    await eventually(async () => (await job()).status === 'completed', 30_000);
    expect((await job()).progress).toMatchObject({ current: 5_000, failed: 0 });
    const results = await fetch(`${api.url}/jobs/${id}/results?format=jsonl`);
    const lines = (await results.text()).trim().split('\n');
    const indices = lines.map((line) => (JSON.parse(line) as { index: number }).index);
    expect(indices).toEqual(inputs.map((_, i) => i));
  });
});
