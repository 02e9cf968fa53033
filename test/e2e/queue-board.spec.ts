import { CHROMIUM, showPage } from '../support/chromium.js';
import { eventually } from '../support/eventually.js';
import { Service } from '../support/service.js';

const PASSWORD = 'a-long-enough-password';
const BOARD = '/admin/queues';

let service: Service;
let admin: string;
beforeAll(async () => {
  service = await Service.start({ ADMIN_PASSWORD: PASSWORD });
  const answer = await service.post('/auth/login', { username: 'admin', password: PASSWORD });
  admin = ((await answer.json()) as { access_token: string }).access_token;
});
afterAll(async () => {
  await service.stop();
});

const basic = (username: string, password: string) => ({
  authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`,
});
const board = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(service.url + BOARD + path, { method, headers });
const asAdmin = (path: string, body: unknown) =>
  service.post(path, body, { authorization: `Bearer ${admin}` });

async function keyWith(permissions: string[], tenantId?: string): Promise<string> {
  const body = { name: 'board', tier: 'enterprise', permissions, tenant_id: tenantId };
  const answer = await asAdmin('/admin/api-keys', body);
  return ((await answer.json()) as { api_key: string }).api_key;
}

interface AuditEntry {
  readonly action: string;
  readonly result: string;
  readonly object_id: string | null;
}

/** The newest entries of the audit log, but for those of reading it. */
async function audited(): Promise<AuditEntry[]> {
  const headers = { authorization: `Bearer ${admin}` };
  const answer = await fetch(`${service.url}/admin/audit-logs?limit=20`, { headers });
  const { data } = (await answer.json()) as { data: AuditEntry[] };
  return data.filter(({ action }) => action !== 'audit_log.read');
}

describe('the board of queues', () => {
  it('asks a browser for user name and password, on loopback too, and remembers who signed in', async () => {
    for (const path of ['', '/', '/api/queues', '/static/js/main.js']) {
      const answer = await board(path);
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe(
        'Basic realm="Clinserve", charset="UTF-8"',
      );
    }
    const wrong = await board('', basic('admin', 'wrong'));
    expect([wrong.status, wrong.headers.get('set-cookie')]).toEqual([401, null]);
    const page = await board('', basic('admin', PASSWORD));
    expect(page.status).toBe(200);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'none';/);
    const set = page.headers.get('set-cookie') ?? '';
    expect(set).toMatch(/Path=\/admin\/queues; HttpOnly; SameSite=Strict$/);
    const queues = await board('/api/queues', { cookie: set.split(';', 1)[0] ?? '' });
    expect(await queues.json()).toMatchObject({
      queues: [{ name: 'job-slices' }, { name: 'deliveries' }],
    });
    const [signedIn, refused] = await audited();
    expect(signedIn).toMatchObject({ action: 'session.start', result: 'success' });
    expect(refused).toMatchObject({ action: 'session.start', result: 'refused' });
  });

  it('is for administrators of the service; who may act is recorded', async () => {
    const keys = {
      ordinary: await keyWith(['ops:read', 'jobs']),
      auditor: await keyWith(['ops:read', 'audit:read']),
      operator: await keyWith(['ops:read', 'ops:admin']),
    };
    expect((await board('', basic('', keys.ordinary))).status).toBe(403);
    const auditor = basic('', keys.auditor);
    expect((await board('/api/queues', auditor)).status).toBe(200);
    expect((await board('/api/queues/deliveries/pause', auditor, 'PUT')).status).toBe(403);
    const operator = basic('', keys.operator);
    expect((await board('/api/queues/deliveries/pause', operator, 'PUT')).status).toBe(200);
    expect((await board('/api/queues/deliveries/resume', operator, 'PUT')).status).toBe(200);
    expect((await audited()).slice(0, 3)).toMatchObject([
      { action: 'queue.resume', result: 'success', object_id: 'deliveries' },
      { action: 'queue.pause', result: 'success' },
      { action: 'queue.pause', result: 'refused' },
    ]);
  });

  it('is out of reach of other origins’ pages, at one address only, and not part of the API', async () => {
    const credentials = basic('admin', PASSWORD);
    const foreign: Record<string, string>[] = [
      { origin: 'https://evil.example.net' },
      { 'sec-fetch-site': 'cross-site' },
    ];
    for (const headers of foreign) {
      const answer = await board('/api/queues', { ...credentials, ...headers });
      expect(await answer.json()).toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
    }
    expect((await fetch(`${service.url}/v1${BOARD}`, { headers: credentials })).status).toBe(404);
    expect((await board('/static/../../../package.json', credentials)).status).toBe(404);
    const document = await (await fetch(`${service.url}/openapi.json`)).text();
    expect(document).not.toContain(BOARD);
  });

  (CHROMIUM === undefined ? it.skip : it)(
    'runs in a browser under its content security policy',
    async () => {
      const url = new URL(service.url + BOARD);
      url.username = 'admin';
      url.password = PASSWORD;
      const { dom, console } = await showPage(url.href);
      expect(dom).toContain('job-slices');
      expect(dom).toContain('deliveries');
      expect(console).toEqual([]);
    },
  );

  it('refuses guesses after some', async () => {
    let status = 0;
    for (let i = 0; i < 30 && status !== 429; i++) {
      status = (await board('', basic(`nobody${i}`, 'wrong'))).status;
    }
    expect(status).toBe(429);
  });
});

describe('operators', () => {
  it('see jobs, queues and workers in metrics and health', async () => {
    const texts = ['No fever.', 'Possible pneumonia.'];
    const { job_id: id } = (await (await service.post('/predict/async', { texts })).json()) as {
      job_id: string;
    };
    await eventually(async () => {
      const job = (await (await fetch(`${service.url}/jobs/${id}`)).json()) as { status: string };
      return job.status === 'completed';
    }, 30_000);
    const metrics = () => fetch(`${service.url}/metrics`).then((answer) => answer.text());
    await eventually(async () => (await metrics()).includes('jobs{status="completed"} 1\n'));
    const text = await metrics();
    for (const line of [
      'job_items_total{result="succeeded"} 2',
      'jobs_finished_total{status="completed"} 1',
      'job_workers 1',
      'job_worker_slots 2',
      'job_slices{state="waiting"} 0',
      'queue_entries{queue="deliveries",state="waiting"} 0',
    ]) {
      expect(text).toContain(`${line}\n`);
    }
    const health = (await (await fetch(`${service.url}/health`)).json()) as {
      checks: Record<string, { status: string; message: string }>;
    };
    expect(health.checks['jobs']).toMatchObject({
      status: 'healthy',
      message: '1 active workers with 2 slots, 0 slices running, 0 waiting, queue on postgres',
    });
  });
});
