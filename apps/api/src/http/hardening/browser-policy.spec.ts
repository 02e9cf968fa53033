import { Controller, Get, Post } from '@nestjs/common';
import { request } from 'undici';
import { DomainError } from '@app/common';
import { Public } from '../guards/access.decorators.js';
import { startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';

@Public()
@Controller()
class ThingsController {
  @Get('plain')
  plain() {
    return {};
  }
  @Get('fails')
  fails() {
    throw new Error('no');
  }
  @Get('admin/users')
  users() {
    return {};
  }
  @Post('auth/login')
  login() {
    return {};
  }
}

const LISTED = 'https://ehr.example.org';
const OTHER = 'https://evil.example.net';
const start = (publicUrl: string | null, loopback: boolean) =>
  startEdgeApp([ThingsController], {
    access: { loopback },
    http: {
      corsOrigins: [LISTED, 'https://*.wards.example.org'],
      publicUrl,
      trustedProxies: 0,
    },
    shed: () => (shedding ? new DomainError('OVERLOADED', 'busy') : null),
  });

let shedding = false;
let server: EdgeApp;
beforeAll(async () => {
  server = await start(null, false);
});
afterAll(() => server.close());

/** fetch sets Origin and Host as it likes; this says exactly what a browser would. */
async function call(
  method: string,
  path: string,
  headers: Record<string, string>,
  url = server.url,
): Promise<{ status: number; headers: Record<string, unknown>; body: string }> {
  const response = await request(url + path, { method: method as 'GET', headers });
  return {
    status: response.statusCode,
    headers: response.headers,
    body: await response.body.text(),
  };
}
const preflight = (origin: string, path = '/plain') =>
  call('OPTIONS', path, { origin, 'access-control-request-method': 'POST' });

describe('CORS', () => {
  it.each([LISTED, 'https://a.wards.example.org', 'https://a.b.wards.example.org'])(
    'lets pages of %s read answers and failures, with credentials',
    async (origin) => {
      for (const path of ['/plain', '/fails', '/nowhere']) {
        const { headers } = await call('GET', path, { origin });
        expect(headers['access-control-allow-origin']).toBe(origin);
        expect(headers['access-control-allow-credentials']).toBe('true');
        expect(headers['vary']).toBe('Origin');
        for (const name of [
          'X-Request-ID',
          'Retry-After',
          'RateLimit',
          'ETag',
          'X-Model-Version',
        ]) {
          expect(headers['access-control-expose-headers']).toContain(name);
        }
      }
    },
  );

  it.each([
    OTHER,
    'null',
    'http://ehr.example.org',
    'https://ehr.example.org:8443',
    'https://ehr.example.org.evil.net',
    'https://wards.example.org',
    'https://evil.net/.wards.example.org',
    'https://a.wardsXexample.org',
    `https://${'a.'.repeat(200)}wards.example.org`,
  ])('tells pages of %s nothing', async (origin) => {
    const { status, headers } = await call('GET', '/plain', { origin });
    expect(status).toBe(200);
    expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    expect(headers['vary']).toBe('Origin');
    const asked = await preflight(origin);
    expect(asked.status).toBe(403);
    expect(JSON.parse(asked.body)).toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
  });

  it('answers preflights for an hour, even when it sheds load', async () => {
    shedding = true;
    const answer = await preflight(LISTED, '/v1/plain');
    const shed = await call('GET', '/plain', { origin: LISTED });
    shedding = false;
    expect(answer.status).toBe(204);
    expect(answer.headers).toMatchObject({
      'access-control-allow-origin': LISTED,
      'access-control-max-age': '3600',
    });
    expect(answer.headers['access-control-allow-methods']).toContain('DELETE');
    expect(answer.headers['access-control-allow-headers']).toMatch(/Authorization.*X-API-Key/);
    expect(shed.status).toBe(503);
    expect(shed.headers['access-control-allow-origin']).toBe(LISTED);
  });

  it('leaves other OPTIONS requests to the routes', async () => {
    expect((await call('OPTIONS', '/plain', { origin: LISTED })).status).toBe(405);
  });
});

describe('administration and sign-in', () => {
  const admin = ['GET', '/admin/users'] as const;
  const statusOf = async (
    [method, path]: readonly [string, string],
    headers: Record<string, string>,
    url?: string,
  ) => (await call(method, path, headers, url)).status;

  it.each([admin, ['GET', '/api/v1/admin/users'], ['POST', '/auth/login']] as const)(
    'refuses pages of other origins: %s %s',
    async (...route) => {
      const expected = route[0] === 'POST' ? 201 : 200;
      const own = server.url;
      expect(await statusOf(route, {})).toBe(expected);
      expect(await statusOf(route, { origin: own })).toBe(expected);
      expect(await statusOf(route, { origin: LISTED })).toBe(expected);
      expect(await statusOf(route, { 'sec-fetch-site': 'same-origin' })).toBe(expected);
      expect(await statusOf(route, { 'sec-fetch-site': 'none' })).toBe(expected);
      for (const origin of [OTHER, 'null', 'nonsense', own.replace('http:', 'http:/')]) {
        expect(await statusOf(route, { origin })).toBe(403);
      }
      expect(await statusOf(route, { 'sec-fetch-site': 'cross-site' })).toBe(403);
      expect(await statusOf(route, { 'sec-fetch-site': 'same-site' })).toBe(403);
    },
  );

  it('are not to be had by another spelling of their path', async () => {
    for (const path of ['/%61dmin/users', '//admin/users', '/Admin/users']) {
      expect(await statusOf(['GET', path], { origin: OTHER })).toBe(404);
    }
    expect(await statusOf(['GET', '/admin/users/?x=1'], { origin: OTHER })).toBe(403);
    expect(await statusOf(['POST', '/auth/login/'], {})).toBe(201);
    const signIn = await call('POST', '/v1/auth/login/?x=1', { origin: OTHER });
    expect(JSON.parse(signIn.body)).toMatchObject({ error_code: 'ORIGIN_NOT_ALLOWED' });
  });

  it('do not believe a name that only points here, where the server has its own or none', async () => {
    const named = { origin: 'http://rebound.example', host: 'rebound.example' };
    expect(await statusOf(admin, named)).toBe(200);
    const onLoopback = await start(null, true);
    expect(await statusOf(admin, named, onLoopback.url)).toBe(403);
    expect(await statusOf(admin, { origin: onLoopback.url }, onLoopback.url)).toBe(200);
    await onLoopback.close();
    const published = await start('https://ai.example.org/base', false);
    expect(await statusOf(admin, named, published.url)).toBe(403);
    expect(await statusOf(admin, { origin: 'https://ai.example.org' }, published.url)).toBe(200);
    await published.close();
  });
});
