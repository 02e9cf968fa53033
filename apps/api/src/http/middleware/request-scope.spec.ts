import { connect, type Socket } from 'node:net';
import { Controller, Get, Param, Query, Req } from '@nestjs/common';
import type { RequestContext } from '@app/common';
import type { EdgeRequest } from '../adapter/exchange.js';
import { Public } from '../guards/access.decorators.js';
import { eventually, exchangeRaw, startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { Context, Timing } from './context.decorator.js';
import type { RequestScope } from './request-scope.js';

let seen: RequestContext | undefined;
/** The server's end of the connection that was last asked about itself. */
let connection: Socket | undefined;

@Public()
@Controller()
class ScopeController {
  @Get('context')
  context(@Context() context: RequestContext) {
    seen = context;
    return {
      tenant: context.tenantId,
      id: context.requestId,
      priority: context.priority,
      left: context.deadline - performance.now(),
    };
  }
  @Get('models/:name')
  model(@Param('name') name: string, @Query('x') x: string) {
    return { name, x };
  }
  @Get('v1things')
  v1things() {
    return {};
  }
  @Get('v2/health')
  v2() {
    return {};
  }
  @Get('timed')
  timed(@Timing() timing: RequestScope) {
    timing.set({ queueMs: 1.23456, runMs: 7 });
    return {};
  }
  @Get('hangs')
  hangs(@Context() context: RequestContext) {
    seen = context;
    return new Promise(() => undefined);
  }
  @Get('watches')
  watches(@Context() context: RequestContext, @Req() request: EdgeRequest) {
    context.signal.addEventListener('abort', () => undefined);
    connection = request.socket;
    return {};
  }
  @Get('refuses')
  refuses() {
    throw new Error('no');
  }
}

let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([ScopeController], { requests: { maxTimeoutMs: 60_000 } });
});
afterAll(() => server.close());
const get = (path: string, headers: Record<string, string> = {}) =>
  fetch(server.url + path, { headers });

describe('request ids', () => {
  it('echoes a sane id and replaces any other', async () => {
    for (const id of ['abc-1', 'A:b.c_d', 'x'.repeat(128)]) {
      expect((await get('/context', { 'X-Request-ID': id })).headers.get('x-request-id')).toBe(id);
    }
    for (const id of ['a b', '<script>', 'x'.repeat(129), 'a\tb']) {
      const given = (await get('/context', { 'X-Request-ID': id })).headers.get('x-request-id');
      expect(given).toMatch(/^req-\w+-\w+$/);
    }
  });

  it('is the same in header, context and problem', async () => {
    const response = await get('/context');
    expect(((await response.json()) as { id: string }).id).toBe(
      response.headers.get('x-request-id'),
    );
    const failed = await get('/nowhere');
    expect(((await failed.json()) as { request_id: string }).request_id).toBe(
      failed.headers.get('x-request-id'),
    );
  });
});

describe('times', () => {
  it.each(['/context', '/refuses', '/nowhere', '/docs'])(
    '%s carries its processing time in seconds',
    async (path) => {
      const { headers } = await get(path);
      const seconds = Number(headers.get('x-process-time'));
      expect(seconds).toBeGreaterThan(0);
      expect(seconds).toBeLessThan(2);
      expect(headers.get('server-timing')).toMatch(/total;dur=[\d.]+$/);
    },
  );

  it('tells how long a prediction waited and ran', async () => {
    expect((await get('/timed')).headers.get('server-timing')).toMatch(
      /^queue;dur=1.235, run;dur=7, total;dur=[\d.]+$/,
    );
  });
});

describe('prefixes', () => {
  it.each([
    ['/v1/models/a?x=1', 200],
    ['/api/v1/models/a?x=1', 200],
    ['/v1things', 200],
    ['/v2/health', 200],
    ['/v1/v2/health', 200],
    ['/v1/v1/models/a', 404],
    ['/v10/models/a', 404],
    ['/v2/models/a', 404],
    ['/api/models/a', 404],
    ['/v1', 404],
    ['/v1?x=1', 404],
  ])('%s answers %d', async (path, status) => {
    expect((await get(path)).status).toBe(status);
  });

  it('names the path as the caller wrote it in a problem, without its query', async () => {
    const body = (await (await get('/api/v1/nowhere?name=Smith')).json()) as { instance: string };
    expect(body.instance).toBe('/api/v1/nowhere');
  });

  it('takes the absolute form that proxies send', async () => {
    const raw = await exchangeRaw(
      server.port,
      'GET http://somewhere/v1/models/a?x=b HTTP/1.1\r\nHost: somewhere\r\nConnection: close\r\n\r\n',
    );
    expect(raw).toContain('{"name":"a","x":"b"}');
  });
});

describe('control headers', () => {
  it('sets the deadline, 30 s when nothing is said', async () => {
    const left = async (headers: Record<string, string>) =>
      ((await (await get('/context', headers)).json()) as { left: number }).left;
    expect(await left({})).toBeGreaterThan(29_000);
    expect(await left({ 'X-Request-Timeout-Ms': '500' })).toBeLessThanOrEqual(500);
    expect(await left({ 'X-Request-Timeout-Ms': '60000' })).toBeGreaterThan(59_000);
  });

  it.each(['0', '-1', '60001', '1.5', '1e3', 'soon', ''])(
    'refuses the timeout %j',
    async (value) => {
      const response = await get('/context', { 'X-Request-Timeout-Ms': value });
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error_code: 'MALFORMED_REQUEST',
        detail: expect.stringContaining('60000'),
      });
    },
  );

  it('passes the priority on and refuses an unknown one', async () => {
    expect(await (await get('/context', { 'X-Priority': 'bulk' })).json()).toMatchObject({
      priority: 'bulk',
    });
    expect((await get('/context', { 'X-Priority': 'urgent' })).status).toBe(400);
  });
});

describe('clients that leave', () => {
  it('aborts the signal, and only then', async () => {
    await get('/context');
    expect(seen?.signal.aborted).toBe(false);

    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /hangs HTTP/1.1\r\nHost: x\r\n\r\n');
    seen = undefined;
    await eventually(() => seen !== undefined);
    const signal = seen!.signal;
    expect(signal.aborted).toBe(false);
    socket.destroy();
    await eventually(() => signal.aborted);
    await eventually(() => server.finished.at(-1)?.status === 499);
  });

  it('aborts also for a request that waits behind another on its connection', async () => {
    const socket = connect(server.port, '127.0.0.1');
    seen = undefined;
    socket.write(
      'GET /hangs HTTP/1.1\r\nHost: x\r\n\r\nGET /hangs HTTP/1.1\r\nHost: x\r\nX-Request-ID: second\r\n\r\n',
    );
    await eventually(() => seen?.requestId === 'second');
    const signal = seen!.signal;
    server.finished.length = 0;
    socket.destroy();
    await eventually(() => signal.aborted);
    await eventually(() => server.finished.length === 2);
    expect(server.finished.map(({ status }) => status)).toEqual([499, 499]);
  });

  it('leaves nothing on a connection for the requests it has answered', async () => {
    const socket = connect(server.port, '127.0.0.1');
    const listeners = () => connection?.listenerCount('close');
    server.finished.length = 0;
    socket.write('GET /watches HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => server.finished.length === 1);
    const before = listeners();
    socket.write('GET /watches HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(20));
    await eventually(() => server.finished.length === 21);
    expect(listeners()).toBe(before);
    expect(server.finished.every(({ status }) => status === 200)).toBe(true);
    socket.destroy();
  });
});

describe('metrics', () => {
  it('tells the pattern of a route and never the URL', async () => {
    server.finished.length = 0;
    await get('/v1/models/patient-smith');
    await get('/nowhere/patient-smith');
    await get('/refuses');
    await eventually(() => server.finished.length === 3);
    expect(server.finished.map(({ method, route, status }) => [method, route, status])).toEqual([
      ['GET', '/models/:name', 200],
      ['GET', 'unmatched', 404],
      ['GET', '/refuses', 500],
    ]);
  });
});
