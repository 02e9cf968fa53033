import { Agent, request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { connect } from 'node:net';
import { Controller, Get } from '@nestjs/common';
import { Public } from '../guards/access.decorators.js';
import { eventually, startEdgeApp } from '../testing/edge-app.js';

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
