import { Body, Controller, HttpCode, Post } from '@nestjs/common';
import { Public } from '../guards/access.decorators.js';
import { startEdgeApp } from '../testing/edge-app.js';
import type { EdgeApp } from '../testing/edge-app.js';
import { LargeBody } from './large-body.decorator.js';

const LIMIT = 1_024;

@Public()
@Controller()
class JobsController {
  @Post('jobs')
  @HttpCode(200)
  @LargeBody(4 * LIMIT)
  submit(@Body() body: { text: string }) {
    return { length: body.text.length };
  }
  @Post('forgotten')
  @HttpCode(200)
  @LargeBody(4 * LIMIT)
  submitElsewhere(@Body() body: { text: string }) {
    return { length: body.text.length };
  }
}

let server: EdgeApp;
beforeAll(async () => {
  server = await startEdgeApp([JobsController], {
    server: { maxBodyBytes: LIMIT, leavesBody: (_method, path) => path === '/jobs' },
  });
});
afterAll(() => server.close());

async function post(path: string, length: number): Promise<unknown> {
  const response = await fetch(server.url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ text: 'x'.repeat(length) }),
    signal: AbortSignal.timeout(3_000),
  });
  return response.status === 200 ? response.json() : response.status;
}

describe('a route for large bodies', () => {
  it.each(['/jobs', '/jobs/', '/v1/jobs/', '/jobs/?a=b'])('reads them at %s', async (path) => {
    expect(await post(path, 2 * LIMIT)).toEqual({ length: 2 * LIMIT });
    expect(await post(path, 4 * LIMIT)).toBe(413);
  });

  it('answers within the limit of other routes when the server does not know it', async () => {
    expect(await post('/forgotten', 10)).toEqual({ length: 10 });
    expect(await post('/forgotten', 2 * LIMIT)).toBe(413);
  });
});
