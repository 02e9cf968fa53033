import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import type { Server, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect as connectTls } from 'node:tls';
import { Controller, Get } from '@nestjs/common';
import { Public } from '../guards/access.decorators.js';
import { eventually, startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';

/** Self-signed, for tests only: it protects nothing. */
const TEST_CERTIFICATE = {
  cert: `-----BEGIN CERTIFICATE-----
MIIBnDCCAUGgAwIBAgIUJO73JH9ujByptUYmMhoPK8kHk6QwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMTA5MzkwNFoYDzIxMjYxMDI4
MDkzOTA0WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAARjAEABGUcT1iB2a+u66xqPelwrNo6V/ZBaiZN4a9/HldaUzZpJUh80
M0VLTubV77zuxNDYhQZ1RxOahyf2faNWo28wbTAdBgNVHQ4EFgQUDZe2LMAfczTF
z4bZnyHiVkAVB3owHwYDVR0jBBgwFoAUDZe2LMAfczTFz4bZnyHiVkAVB3owDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSQAwRgIhAPTatieftjMhGz8zzx0a4rQ/rJtv8KbIwyIeruRKHMnJAiEA
2W4oYAaUbRLqN7wW0JYuLEY6xOm45SZDP2AcGfhYt8w=
-----END CERTIFICATE-----`,
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgJ4BZo4eXP1bardGz
L/SNOcGX6AzidsuWk/GztavGB9ihRANCAARjAEABGUcT1iB2a+u66xqPelwrNo6V
/ZBaiZN4a9/HldaUzZpJUh80M0VLTubV77zuxNDYhQZ1RxOahyf2faNW
-----END PRIVATE KEY-----`,
};

const STALL_MS = 200;
/** More than the buffers between two sockets hold. */
const LARGE = 64 * 1_048_576;

let release: () => void = () => undefined;

@Public()
@Controller()
class ThingsController {
  @Get('plain')
  plain() {
    return { text: 'é', list: [1] };
  }
  @Get('slow')
  async slow() {
    await new Promise<void>((resolve) => (release = resolve));
    return { slow: true };
  }
  @Get('large')
  async large() {
    await sleep(3 * STALL_MS);
    return { text: 'x'.repeat(LARGE) };
  }
}

/** The server's side of the next connection, told when it is gone. */
function nextConnection({ app }: EdgeApp): { readonly closed: Promise<void> } {
  const server = app.getHttpServer() as Server;
  return {
    closed: new Promise((resolve) =>
      server.once('connection', (socket: Socket) => socket.once('close', () => resolve())),
    ),
  };
}

describe('shutdown', () => {
  it('answers what is under way, closes its connection, and lets idle connections go', async () => {
    const own = await startEdgeApp([ThingsController]);
    const agent = new Agent({ keepAlive: true });
    const get = (path: string) =>
      new Promise<{ status: number | undefined; connection: string | undefined }>(
        (resolve, reject) => {
          httpRequest(`${own.url}${path}`, { agent }, (response) => {
            response.resume();
            response.on('end', () =>
              resolve({ status: response.statusCode, connection: response.headers.connection }),
            );
          })
            .on('error', reject)
            .end();
        },
      );
    expect((await get('/plain')).connection).toBe('keep-alive');
    const busy = get('/slow');
    const idle = connect(own.port, '127.0.0.1');
    const idleClosed = new Promise((resolve) => idle.on('close', resolve));
    idle.resume();
    idle.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    await eventually(() => own.finished.length === 2);
    await new Promise((resolve) => setTimeout(resolve, 20));

    const closed = own.edge.stopAccepting();
    await idleClosed;
    await expect(fetch(`${own.url}/plain`)).rejects.toThrow();
    release();
    expect(await busy).toEqual({ status: 200, connection: 'close' });
    await closed;
    agent.destroy();
    await own.close();
  });
});

describe('a connection', () => {
  it('is closed when its client never closes its side after an answer that ends it', async () => {
    const own = await startEdgeApp([ThingsController], {
      server: { headersTimeoutMs: 100, connectionsCheckingIntervalMs: 50 },
    });
    const { closed } = nextConnection(own);
    const client = connect({ port: own.port, host: '127.0.0.1', allowHalfOpen: true });
    let text = '';
    client.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    client.write('GET / HTTP/1.1\r\n');
    await closed;
    expect(text).toMatch(/^HTTP\/1.1 408 [^]*"error_code":"MALFORMED_REQUEST"/);
    client.destroy();
    await own.close();
  });

  it.each([undefined, TEST_CERTIFICATE])(
    'may wait long for its answer, and is closed when nobody reads it',
    async (tls) => {
      const own = await startEdgeApp([ThingsController], {
        server: { tls, stalledAnswerTimeoutMs: STALL_MS },
      });
      const { closed } = nextConnection(own);
      const address = { port: own.port, host: '127.0.0.1' };
      const client =
        tls === undefined ? connect(address) : connectTls({ ...address, ca: tls.cert });
      client.on('error', () => undefined);
      client.write('GET /large HTTP/1.1\r\nHost: x\r\n\r\n');
      await closed;
      expect(client.bytesRead).toBeGreaterThan(0);
      expect(client.bytesRead).toBeLessThan(LARGE);
      client.destroy();
      await own.close();
    },
  );

  it('is closed when it brings no further request', async () => {
    const own = await startEdgeApp([ThingsController], { server: { keepAliveTimeoutMs: 100 } });
    const { closed } = nextConnection(own);
    const client = connect(own.port, '127.0.0.1').resume();
    client.write('GET /plain HTTP/1.1\r\nHost: x\r\n\r\n');
    await closed;
    expect(own.finished).toMatchObject([{ route: '/plain', status: 200 }]);
    await own.close();
  });
});

describe('TLS', () => {
  it('serves HTTPS with a given certificate', async () => {
    const own = await startEdgeApp([ThingsController], { server: { tls: TEST_CERTIFICATE } });
    const text = await new Promise<string>((resolve, reject) => {
      httpsRequest(
        `${own.url}/plain`,
        { ca: TEST_CERTIFICATE.cert, servername: 'localhost' },
        (response) => {
          let body = '';
          response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
          response.on('end', () => resolve(body));
        },
      )
        .on('error', reject)
        .end();
    });
    expect(JSON.parse(text)).toEqual({ text: 'é', list: [1] });
    await own.close();
  });
});
