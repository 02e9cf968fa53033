import { connect } from 'node:net';
import { Controller, Get, Header, HttpCode, Sse, StreamableFile } from '@nestjs/common';
import { of } from 'rxjs';
import { Public } from '../guards/access.decorators.js';
import { exchangeRaw, startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { securityHeaders } from './security-headers.js';

@Public()
@Controller()
class ThingsController {
  @Get('plain')
  plain() {
    return {};
  }
  @Get('string')
  string() {
    return 'text';
  }
  @Get('nothing')
  @HttpCode(204)
  nothing() {}
  @Get('varies')
  @Header('Vary', 'Accept')
  varies() {
    return {};
  }
  @Get('stream')
  stream() {
    return new StreamableFile(Buffer.from('abc'));
  }
  @Sse('events')
  events() {
    return of({ data: 1 });
  }
}

let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([ThingsController], {
    server: { maxConnections: 5, keepAliveTimeoutMs: 300 },
  });
});
afterAll(() => server.close());

const EXPECTED = {
  'content-security-policy': /^default-src 'none';\s?frame-ancestors 'none'$/,
  'cross-origin-opener-policy': /^same-origin$/,
  'cross-origin-resource-policy': /^same-origin$/,
  'referrer-policy': /^no-referrer$/,
  'x-content-type-options': /^nosniff$/,
  'x-frame-options': /^DENY$/,
  vary: /Origin/,
};

describe('security headers', () => {
  it.each(['/plain', '/string', '/nothing', '/stream', '/events', '/nowhere', '/openapi.json'])(
    'are on every answer, once: %s',
    async (path) => {
      const { headers } = await fetch(server.url + path, { headers: { connection: 'close' } });
      for (const [name, value] of Object.entries(EXPECTED)) {
        expect(`${name}: ${headers.get(name)}`).toMatch(
          new RegExp(`^${name}: ${value.source.replace(/^\^/, '')}`),
        );
      }
      expect(headers.get('strict-transport-security')).toBeNull();
      expect(headers.get('x-powered-by')).toBeNull();
    },
  );

  it('are on the answer to what is not HTTP', async () => {
    expect(await exchangeRaw(server.port, 'nonsense\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 400 .*X-Content-Type-Options: nosniff\r\n.*\r\n\r\n\{/s,
    );
  });

  it('stand beside what a route says of the same', async () => {
    const { headers } = await fetch(`${server.url}/varies`, { headers: { connection: 'close' } });
    expect(headers.get('vary')?.split(', ').sort()).toEqual(['Accept', 'Origin']);
  });

  it('let pages run scripts of this server, and no others', async () => {
    const { headers } = await fetch(`${server.url}/docs`, { headers: { connection: 'close' } });
    expect(headers.get('content-security-policy')).toMatch(/script-src 'self';/);
    expect(headers.get('content-security-policy')).not.toMatch(/script-src[^;]*unsafe/);
  });

  it('tell browsers to stay with HTTPS only where this server speaks it', () => {
    for (const kind of ['data', 'page'] as const) {
      expect(securityHeaders(true)[kind]).toContain('Strict-Transport-Security: max-age=31536000');
      expect(securityHeaders(false)[kind]).not.toContain('Strict-Transport-Security');
    }
  });
});

describe('connections', () => {
  it('are limited in number', async () => {
    const open = Array.from({ length: 5 }, () => connect(server.port, '127.0.0.1'));
    await Promise.all(open.map((socket) => new Promise((done) => socket.once('connect', done))));
    await new Promise((resolve) => setTimeout(resolve, 50));
    await expect(
      exchangeRaw(server.port, 'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n').catch(() => ''),
    ).resolves.toBe('');
    for (const socket of open) socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(
      await exchangeRaw(server.port, 'GET /plain HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    ).toContain('200 OK');
  });

  it('are closed when idle', async () => {
    const started = performance.now();
    const answer = await exchangeRaw(server.port, 'GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    expect(answer).toContain('200 OK');
    // Node adds up to a second, so that a client's own time-out comes first.
    expect(performance.now() - started).toBeGreaterThan(250);
    expect(performance.now() - started).toBeLessThan(3_000);
  });
});
