import { connect } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import {
  Body,
  Controller,
  Get,
  Header,
  HttpCode,
  Param,
  Post,
  Query,
  Sse,
  StreamableFile,
} from '@nestjs/common';
import { interval, map, take } from 'rxjs';
import { DomainError } from '@app/common';
import { Public } from '../guards/access.decorators.js';
import { eventually, exchangeRaw, startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';

@Public()
@Controller()
class ThingsController {
  @Get('plain')
  plain() {
    return { text: 'é', list: [1] };
  }
  @Get('list')
  list() {
    return [1, 2];
  }
  @Get('string')
  string() {
    return 'just text';
  }
  @Get('nothing')
  @HttpCode(204)
  nothing() {}
  @Get('typed')
  @Header('Content-Type', 'application/fhir+json')
  typed() {
    return { resourceType: 'Bundle' };
  }
  @Get('stream')
  stream() {
    return new StreamableFile(Readable.from([Buffer.from('abc'), Buffer.from('def')]));
  }
  @Get('broken-stream')
  brokenStream() {
    return new StreamableFile(
      Readable.from(
        (function* () {
          yield Buffer.from('abc');
          throw new Error('disk gone');
        })(),
      ),
      { length: 6 },
    );
  }
  @Get('unbegun-stream')
  unbegunStream() {
    const none = Readable.from(
      (function* () {
        throw new DomainError('SERVICE_UNAVAILABLE', 'away', { retryAfterSeconds: 7 });
      })(),
    );
    return new StreamableFile(none, { type: 'text/csv', disposition: 'attachment' });
  }
  @Sse('events')
  events() {
    return interval(5).pipe(
      take(3),
      map((n) => ({ data: { n } })),
    );
  }
  @Get('throws')
  throws() {
    throw new Error('secret internals');
  }
  @Get('unserialisable')
  unserialisable() {
    return { n: 1n };
  }
  @Get('echo/:id')
  param(@Param('id') id: string, @Query('q') q: string) {
    return { id, q };
  }
  @Post('echo')
  @HttpCode(200)
  echo(@Body() body: unknown) {
    return {
      body: body ?? 'none',
      own: typeof body === 'object' && body !== null ? Object.keys(body) : [],
    };
  }
  @Post('shape')
  @HttpCode(200)
  shape(@Body() body: unknown) {
    return { array: Array.isArray(body) };
  }
}

const LIMIT = 64 * 1024;
let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([ThingsController], {
    server: {
      maxBodyBytes: LIMIT,
      requestTimeoutMs: 600,
      headersTimeoutMs: 500,
      connectionsCheckingIntervalMs: 50,
    },
  });
});
afterAll(() => server.close());

const post = (body: string | Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/echo`, {
    method: 'POST',
    body: body as string,
    headers: { 'content-type': 'application/json', ...headers },
  });

async function problem(response: Response) {
  expect(response.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
  const body = (await response.json()) as { status: number; error_code: string; detail: string };
  expect(body.status).toBe(response.status);
  return body;
}

describe('answers', () => {
  it('sends plain objects and arrays as JSON with their length', async () => {
    const response = await fetch(`${server.url}/plain`);
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
    expect(response.headers.get('content-length')).toBe('24');
    expect(response.headers.get('x-powered-by')).toBeNull();
    expect(response.headers.get('etag')).toBeNull();
    expect(await response.json()).toEqual({ text: 'é', list: [1] });
    expect(await (await fetch(`${server.url}/list`)).json()).toEqual([1, 2]);
  });

  it('answers HEAD with the headers of GET and no body', async () => {
    const raw = await exchangeRaw(
      server.port,
      'HEAD /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n',
    );
    expect(raw).toMatch(/^HTTP\/1.1 200 OK\r\n/);
    expect(raw).toContain('Content-Length: 24\r\n');
    expect(raw.endsWith('\r\n\r\n')).toBe(true);
  });

  it('keeps a content type the route chose, strings as they are, and 204 empty', async () => {
    const typed = await fetch(`${server.url}/typed`);
    expect(typed.headers.get('content-type')).toBe('application/fhir+json');
    expect(await (await fetch(`${server.url}/string`)).text()).toBe('just text');
    const nothing = await fetch(`${server.url}/nothing`);
    expect([nothing.status, await nothing.text()]).toEqual([204, '']);
  });

  it('streams files', async () => {
    expect(await (await fetch(`${server.url}/stream`)).text()).toBe('abcdef');
  });

  it('cuts an answer that fails half way, so that the client cannot take it for whole', async () => {
    await expect(fetch(`${server.url}/broken-stream`).then((r) => r.text())).rejects.toThrow();
  });

  it('answers a problem when a stream fails before its first byte', async () => {
    const response = await fetch(`${server.url}/unbegun-stream`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('7');
    expect(response.headers.get('content-disposition')).toBeNull();
    expect((await problem(response)).error_code).toBe('SERVICE_UNAVAILABLE');
  });

  it('sends server-sent events', async () => {
    const response = await fetch(`${server.url}/events`);
    expect(response.headers.get('content-type')).toContain('text/event-stream');
    expect(response.headers.get('x-request-id')).toBeTruthy();
    expect((await response.text()).match(/data: \{"n":\d\}/g)).toHaveLength(3);
  });

  it('turns thrown errors and answers that are not JSON into a 500 that tells nothing', async () => {
    for (const path of ['throws', 'unserialisable']) {
      const body = await problem(await fetch(`${server.url}/${path}`));
      expect(body.error_code).toBe('INTERNAL_ERROR');
      expect(body.detail).not.toMatch(/secret|BigInt/);
    }
    expect(server.failures.map(({ error }) => String(error))).toContain('Error: secret internals');
  });

  it('finds routes below /v1 and /api/v1, by their exact letters', async () => {
    for (const prefix of ['', '/v1', '/api/v1']) {
      const response = await fetch(`${server.url}${prefix}/echo/a%20b?q=c`);
      expect(await response.json()).toEqual({ id: 'a b', q: 'c' });
    }
    expect((await fetch(`${server.url}/ECHO/a`)).status).toBe(404);
    expect((await fetch(`${server.url}/echo/a/`)).status).toBe(200);
  });
});

describe('bodies', () => {
  it('reads JSON of any kind, with a byte order mark, in chunks, or none', async () => {
    expect(await (await post('{"a":1}')).json()).toEqual({ body: { a: 1 }, own: ['a'] });
    expect(await (await post('\ufeff{"a":1}')).json()).toMatchObject({ body: { a: 1 } });
    expect(await (await post('')).json()).toMatchObject({ body: 'none' });
    const chunked = await exchangeRaw(
      server.port,
      'POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n',
      '5\r\n{"a":\r\n',
      '6\r\n"café',
      '\r\n2\r\n"}\r\n0\r\n\r\n',
    );
    expect(chunked).toContain('{"body":{"a":"café"}');
  });

  it.each([
    'application/json; charset=utf-8',
    'Application/JSON;charset="UTF8"',
    'application/json; profile=x',
  ])('accepts %s', async (type) => {
    expect((await post('{}', { 'content-type': type })).status).toBe(200);
  });

  it.each([
    'text/plain',
    'application/json; charset=iso-8859-1',
    'application/jsonp',
    'multipart/form-data; boundary=x',
  ])('refuses %s', async (type) => {
    const response = await post('{}', { 'content-type': type });
    expect(response.status).toBe(415);
    expect((await problem(response)).detail).toContain('Content-Type: application/json');
  });

  it('refuses a body without a type, and a compressed one', async () => {
    const untyped = await exchangeRaw(
      server.port,
      'POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}',
    );
    expect(untyped).toMatch(/^HTTP\/1.1 415 /);
    const response = await post(gzipSync('{}'), { 'content-encoding': 'gzip' });
    expect(response.status).toBe(415);
    expect((await problem(response)).detail).toContain('uncompressed');
  });

  it('says where JSON breaks and never what it says', async () => {
    const response = await post('{"a": 1,\n "sentence": patient Smith}');
    expect(response.status).toBe(400);
    const body = await problem(response);
    expect(body.error_code).toBe('MALFORMED_REQUEST');
    expect(body.detail).toBe(
      'The body is not valid JSON from line 2, column 14 on (character 23).',
    );
    expect((await problem(await post('{"a": '))).detail).toContain('ends too early');
  });

  it('refuses bytes that are not UTF-8', async () => {
    const response = await post(Buffer.from('{"a":"caf\xe9"}', 'latin1'));
    expect(response.status).toBe(400);
    expect((await problem(response)).detail).toContain('UTF-8');
  });

  it('is not harmed by __proto__ keys or deep nesting', async () => {
    const own = (await (await post('{"__proto__":{"polluted":1}}')).json()) as { own: string[] };
    expect(own.own).toEqual(['__proto__']);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
    const deep = '['.repeat(30_000) + ']'.repeat(30_000);
    const response = await fetch(`${server.url}/shape`, {
      method: 'POST',
      body: deep,
      headers: { 'content-type': 'application/json' },
    });
    expect(await response.json()).toEqual({ array: true });
    expect((await post(deep.slice(0, -1))).status).toBe(400);
  });

  it('refuses what declares itself too large before reading it, and the client sees the answer', async () => {
    const response = await post('x'.repeat(2 * LIMIT));
    expect(response.status).toBe(413);
    expect(response.headers.get('connection')).toBe('close');
    expect((await problem(response)).detail).toContain(`${LIMIT} bytes`);
  });

  it('refuses what turns out too large while it streams, and the client sees the answer', async () => {
    let sent = 0;
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        controller.enqueue(new Uint8Array(16_384).fill(32));
        if (++sent === 64) controller.close();
      },
    });
    const response = await fetch(`${server.url}/echo`, {
      method: 'POST',
      body,
      headers: { 'content-type': 'application/json' },
      duplex: 'half',
    });
    expect(response.status).toBe(413);
  });

  it('takes exactly the limit', async () => {
    expect((await post(`"${'x'.repeat(LIMIT - 2)}"`)).status).toBe(200);
    expect((await post(`"${'x'.repeat(LIMIT - 1)}"`)).status).toBe(413);
  });

  it('invites a body that waits for 100 Continue, and refuses a large one without inviting it', async () => {
    const head = (length: number) =>
      `POST /echo HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n\r\n`;
    const invited = await exchangeRaw(server.port, head(2), '{}');
    expect(invited).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    expect(await exchangeRaw(server.port, head(LIMIT + 1))).toMatch(/^HTTP\/1.1 413 /);
  });

  it('logs a client that leaves in the middle of its body, and carries on', async () => {
    const before = server.failures.length;
    const socket = connect(server.port, '127.0.0.1');
    socket.write(
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"',
    );
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.destroy();
    await eventually(() => server.failures.length > before);
    expect(server.failures.at(-1)).toMatchObject({
      code: 'CLIENT_CLOSED_REQUEST',
      status: 499,
      level: 'info',
    });
    expect((await post('{}')).status).toBe(200);
  });

  it('gives up on a client that sends its body too slowly', async () => {
    const raw = await exchangeRaw(
      server.port,
      'POST /echo HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"a"',
    );
    expect(raw).toMatch(/^HTTP\/1.1 408 /);
    expect(raw).toContain('application/problem+json');
  });
});

describe('what is not valid HTTP', () => {
  it('answers a problem and closes', async () => {
    const garbage = await exchangeRaw(server.port, 'GET / HTTP/1.1\r\nbad header\r\n\r\n');
    expect(garbage).toMatch(/^HTTP\/1.1 400 [^]*"error_code":"MALFORMED_REQUEST"/);
    const large = await exchangeRaw(
      server.port,
      `GET / HTTP/1.1\r\nHost: x\r\nX-A: ${'a'.repeat(20_000)}\r\n\r\n`,
    );
    expect(large).toMatch(/^HTTP\/1.1 431 /);
  });

  it('answers a URL that cannot be decoded with 400', async () => {
    const response = await fetch(`${server.url}/echo/%E0%A4%A`);
    expect(response.status).toBe(400);
    expect((await problem(response)).detail).toContain('URL');
  });
});
