import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';

const SCRIPT = path.join(process.cwd(), 'test/medium/sign-in-process.mjs');

describe('attempts to sign in', () => {
  let child: ChildProcess;
  let url: string;

  beforeEach(async () => {
    child = spawn(process.execPath, [SCRIPT], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(child.stdout!, 'data')) as [Buffer];
    url = line.toString().trim();
  });
  afterEach(() => child.kill());

  async function post(route: string, username: string, address: string) {
    const response = await fetch(url + route, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': address },
      body: JSON.stringify({ username, password: 'wrong' }),
    });
    const body = (await response.json()) as { error_code?: string };
    const retryAfter = Number(response.headers.get('Retry-After'));
    return { status: response.status, code: body.error_code, retryAfter };
  }
  const tryAs = (username: string, address: string) => post('/auth/login', username, address);

  it('are ten a minute from one address, whatever names it tries', async () => {
    for (let i = 0; i < 10; i++) expect((await tryAs(`u${i}`, '10.0.0.1')).status).toBe(201);
    const refused = await tryAs('u11', '10.0.0.1');
    expect(refused).toMatchObject({ status: 429, code: 'RATE_LIMIT_EXCEEDED' });
    expect(refused.retryAfter).toBeGreaterThan(30);
    expect(refused.retryAfter).toBeLessThanOrEqual(61);
    expect((await tryAs('u11', '10.0.0.2')).status).toBe(201);
  });

  it('are twenty an hour with one name, from whatever addresses', async () => {
    for (let i = 0; i < 20; i++) {
      expect((await tryAs(i % 2 ? 'Root' : 'root', `10.0.1.${i}`)).status).toBe(201);
    }
    expect((await tryAs('ROOT', '10.0.2.1')).retryAfter).toBeGreaterThan(3_000);
    expect((await tryAs('someone', '10.0.2.1')).status).toBe(201);
  });

  it('limit no other route', async () => {
    for (let i = 0; i < 15; i++) {
      expect((await post('/other', 'root', '10.0.0.1')).status).toBe(201);
    }
  });
});
