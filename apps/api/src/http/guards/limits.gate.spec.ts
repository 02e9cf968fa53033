import { connect } from 'node:net';
import {
  Controller,
  Get,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { OPERATOR_KEY, RateLimits, TIER_LIMITS, type Limits, type Principal } from '@app/auth';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import { eventually, startEdgeApp, type EdgeApp } from '../testing/edge-app.js';
import { Public } from './access.decorators.js';
import { LimitsGate } from './limits.gate.js';

const clock = { now: 1_700_000_000_000 };
const rateLimits = new RateLimits({
  database: null,
  redis: null,
  log: { warn: () => undefined },
  now: () => clock.now,
});
const gate = new LimitsGate(rateLimits);
/** Who the next request comes from. */
let caller: Principal;

/** In the place of the access guard. */
class EnterGuard implements CanActivate {
  async canActivate(host: ExecutionContext): Promise<boolean> {
    const [request, response] = host.getArgs<[EdgeRequest, EdgeResponse]>();
    await gate.admit(caller, request, response);
    return true;
  }
}

const waiting: (() => void)[] = [];

@Controller()
@Public()
@UseGuards(EnterGuard)
class LimitedController {
  @Get('work')
  work() {
    return {};
  }
  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => waiting.push(resolve));
    return {};
  }
  @Get('rate-limit/status')
  status() {
    return {};
  }
}

let server: EdgeApp;
let serial = 0;

function become(limits: Partial<Limits>): void {
  caller = {
    ...OPERATOR_KEY,
    tier: 'free',
    limits: { ...TIER_LIMITS.free, ...limits },
    limitSubject: `key:${++serial}`,
  };
}

async function get(path: string) {
  const response = await fetch(server.url + path);
  const limitHeaders = [...response.headers].filter(([name]) => /ratelimit/i.test(name));
  return { response, headers: Object.fromEntries(limitHeaders) };
}

const active = async () => (await rateLimits.usageOf(caller)).active;

describe('LimitsGate', () => {
  beforeAll(async () => {
    server = await startEdgeApp([LimitedController]);
  });
  afterAll(() => server.close());

  it('says on every answer what is allowed and where the caller stands', async () => {
    become({});
    await get('/work');
    clock.now += 20_000;
    const { response, headers } = await get('/v1/work');
    expect(response.status).toBe(200);
    expect(headers).toEqual({
      'ratelimit-policy':
        '"minute";q=10;w=60, "day";q=100;w=86400, "concurrent";q=4;qu="concurrent-requests"',
      ratelimit: '"minute";r=8;t=41',
      'x-ratelimit-limit': '10',
      'x-ratelimit-remaining': '8',
      'x-ratelimit-reset': '41',
      'x-ratelimit-tier': 'free',
    });
  });

  it('refuses beyond the limit, says when to come back, and lets in then', async () => {
    become({ perMinute: 2 });
    await get('/work');
    clock.now += 10_000;
    await get('/work');
    const { response, headers } = await get('/work');
    expect(response.status).toBe(429);
    expect(response.headers.get('Retry-After')).toBe('51');
    expect(headers).toMatchObject({
      'ratelimit-policy': expect.stringContaining('"minute";q=2;w=60'),
      ratelimit: '"minute";r=0;t=51',
      'x-ratelimit-remaining': '0',
      'x-ratelimit-reset': '51',
    });
    expect(await response.json()).toMatchObject({
      error_code: 'RATE_LIMIT_EXCEEDED',
      detail: expect.stringContaining('Try again in 51 s'),
      details: { limit: 2, window: 'minute' },
    });
    clock.now += 51_000;
    expect((await get('/work')).response.status).toBe(200);
  });

  it('tells a day’s quota from a pace', async () => {
    become({ perDay: 1, perMinute: null });
    await get('/work');
    const { response, headers } = await get('/work');
    expect(await response.json()).toMatchObject({ status: 429, error_code: 'QUOTA_EXCEEDED' });
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '1', 'x-ratelimit-remaining': '0' });
  });

  it('lets only so many be answered at once; an answer or a client that leaves makes room', async () => {
    become({ concurrent: 2 });
    const answered = get('/slow');
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => waiting.length === 2);
    const { response, headers } = await get('/work');
    expect(response.status).toBe(429);
    expect(response.headers.get('Retry-After')).toBe('1');
    expect(headers).toMatchObject({ 'x-ratelimit-limit': '2', ratelimit: '"concurrent";r=0;t=1' });
    expect(await active()).toBe(2);

    socket.destroy();
    await eventually(() => server.finished.some(({ status }) => status === 499));
    expect(await active()).toBe(1);
    for (const go of waiting.splice(0)) go();
    expect((await answered).response.status).toBe(200);
    await eventually(() => server.finished.filter(({ route }) => route === '/slow').length === 2);
    expect(await active()).toBe(0);
  });

  it('takes back the places of all that a client had sent ahead when its connection closes', async () => {
    become({ concurrent: 3 });
    server.finished.length = 0;
    const socket = connect(server.port, '127.0.0.1');
    socket.write('GET /slow HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    await eventually(() => waiting.length === 3);
    expect(await active()).toBe(3);

    socket.destroy();
    await eventually(() => server.finished.length === 3);
    expect(await active()).toBe(0);
    for (const go of waiting.splice(0)) go();
    expect((await get('/work')).response.status).toBe(200);
    await eventually(() => server.finished.length === 4);
    expect(server.finished.map(({ status }) => status)).toEqual([499, 499, 499, 200]);
    expect(await active()).toBe(0);
  });

  it('still answers what is left when nothing is left, and does not count the question', async () => {
    become({ perMinute: 1 });
    await get('/work');
    for (let i = 0; i < 3; i++) {
      expect((await get('/v1/rate-limit/status')).response.status).toBe(200);
    }
    expect((await rateLimits.usageOf(caller)).windows.get('requests_minute')?.used).toBe(1);
  });

  it('leaves callers that need no key alone', async () => {
    become({ perMinute: 1 });
    caller = { ...caller, kind: 'anonymous' };
    for (let i = 0; i < 3; i++) {
      const { response, headers } = await get('/work');
      expect([response.status, headers]).toEqual([200, {}]);
    }
  });
});
