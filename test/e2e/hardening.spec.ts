import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { Service } from '../support/service.js';

const LISTED = 'https://ehr.example.org';
const BROWSER = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

/** What the server gives a client to close its side. */
const LONGER_THAN_LINGER_MS = 4_000;

let service: Service;
beforeAll(async () => {
  service = await Service.start({ CORS_ORIGINS: `${LISTED},https://*.wards.example.org` });
});
afterAll(async () => {
  await service.stop();
});

/**
 * Sends `head` at once, then `drip` every second; gives what came back and after how long. Never
 * closes its side: it is cut when the server is not there any more for what it sends afterwards.
 */
async function slowClient(
  head: string,
  drip: string,
): Promise<{ text: string; seconds: number; cut: boolean }> {
  const { hostname: host, port } = new URL(service.url);
  const started = performance.now();
  const socket = connect({ port: Number(port), host, allowHalfOpen: true });
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.on('error', () => undefined);
  const closed = new Promise<boolean>((resolve) => socket.once('close', () => resolve(true)));
  const ended = new Promise((resolve) => socket.once('end', resolve));
  if (head !== '') socket.write(head);
  const timer = setInterval(() => drip !== '' && socket.writable && socket.write(drip), 1_000);
  await Promise.race([ended, closed]);
  clearInterval(timer);
  const seconds = (performance.now() - started) / 1_000;
  await sleep(LONGER_THAN_LINGER_MS);
  // The first finds out that nobody is there, the second is told. A server that had only closed
  // its own side would take the first, and close then: more than two would not tell it apart.
  for (let sent = 0; sent < 2; sent++) {
    if (socket.writable) socket.write('a');
    await sleep(500);
  }
  const cut = await Promise.race([closed, sleep(2_000, false)]);
  socket.destroy();
  return { text, seconds, cut };
}

describe('slow clients', () => {
  it('are cut off: 10 s for the headers, 30 s for the whole, while others are served', async () => {
    const post = 'POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
    const clients = Promise.all([
      slowClient('', ''),
      slowClient('GET /health/live HTTP/1.1\r\nHost: x\r\nX-Slow: ', 'a'),
      slowClient(`${post}Content-Length: 1000\r\n\r\n{"sentence":"`, 'a'),
      slowClient(`${post}Transfer-Encoding: chunked\r\n\r\n`, '1\r\n \r\n'),
    ]);
    const answered = (await service.post('/predict', { sentence: 'No fever.' })).status;
    const [silent, header, body, chunked] = await clients;
    expect([silent, header, body, chunked].map(({ cut }) => cut)).toEqual(Array(4).fill(true));
    expect(answered).toBe(200);
    for (const { text, seconds } of [silent, header]) {
      expect(seconds).toBeGreaterThan(9);
      expect(seconds).toBeLessThan(15);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
    }
    for (const { text, seconds } of [body, chunked]) {
      expect(seconds).toBeGreaterThan(29);
      expect(seconds).toBeLessThan(35);
      expect(text).toMatch(/^HTTP\/1\.1 408 /);
    }
  });

  it('are told how long an idle connection stays open', async () => {
    const { headers } = await request(`${service.url}/health/live`);
    expect(headers['keep-alive']).toBe('timeout=65');
  });
});

describe('browsers', () => {
  const call = (path: string, headers: Record<string, string>, method: 'GET' | 'OPTIONS' = 'GET') =>
    request(service.url + path, { method, headers });

  it('of listed origins may call the API, and no others', async () => {
    for (const [origin, allowed] of [
      [LISTED, LISTED],
      ['https://a.wards.example.org', 'https://a.wards.example.org'],
      ['https://evil.example.net', undefined],
    ] as const) {
      const { headers } = await call('/models', { origin });
      expect(headers['access-control-allow-origin']).toBe(allowed);
      const asked = await call(
        '/predict',
        { origin, 'access-control-request-method': 'POST' },
        'OPTIONS',
      );
      expect(asked.statusCode).toBe(allowed === undefined ? 403 : 204);
      if (allowed) expect(asked.headers['access-control-max-age']).toBe('3600');
    }
  });

  it('of other origins cannot reach administration', async () => {
    const refused = await call('/admin/users', { origin: 'https://evil.example.net' });
    expect(refused.statusCode).toBe(403);
    expect(await refused.body.json()).toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
    const navigated = await call('/admin/users', { 'sec-fetch-site': 'cross-site' });
    expect(await navigated.body.json()).toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
    const own = await call('/admin/users', { origin: service.url });
    expect(await own.body.json()).not.toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
  });

  it('get fixed security headers with every answer', async () => {
    for (const path of ['/health', '/models', '/nowhere', '/docs', '/metrics']) {
      const { headers } = await call(path, {});
      expect(headers).toMatchObject({
        'content-security-policy': expect.stringMatching(/^default-src 'none';/) as string,
        'x-content-type-options': 'nosniff',
        'x-frame-options': 'DENY',
        'referrer-policy': 'no-referrer',
      });
    }
  });

  (BROWSER === undefined ? it.skip : it).each([
    ['/docs', /class="opblock|opblock-tag/],
    ['/redoc', /redoc-wrap|menu-content/],
  ])('run %s under its content security policy', async (path, rendered) => {
    const profile = mkdtempSync(join(tmpdir(), 'clinserve browser '));
    const flags = [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
    ]
      .concat(['--disable-background-networking', '--disable-component-update', '--disable-sync'])
      .concat(['--enable-logging=stderr', '--v=0', '--virtual-time-budget=20000', '--dump-dom'])
      .concat([`--user-data-dir=${profile}`, service.url + path]);
    const { dom, log } = await new Promise<{ dom: string; log: string }>((resolve, reject) =>
      execFile(BROWSER ?? '', flags, { maxBuffer: 2 ** 26, timeout: 50_000 }, (error, dom, log) =>
        error === null ? resolve({ dom, log }) : reject(error),
      ),
    );
    await sleep(100);
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
    expect(dom).toMatch(rendered);
    expect(dom).toContain('/predict');
    expect(
      log.split('\n').filter((line) => /CONSOLE.*(refused|violates|error)/i.test(line)),
    ).toEqual([]);
  });
});
