import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openLoop } from './open-loop.js';

describe('openLoop', () => {
  let server: Server;
  let url: string;
  let requests = 0;

  beforeAll(async () => {
    server = createServer((request, response) => {
      if (request.method === 'GET') return void response.end();
      requests++;
      if (requests % 10 === 0) return void request.socket.destroy();
      response.statusCode = requests % 10 < 3 ? 503 : 200;
      setTimeout(() => response.end('{}'), response.statusCode === 200 ? 50 : 0);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/predict`;
  });
  afterAll(() => server.close());

  it('sends at the rate asked for, whatever the answers, and accounts for every request', async () => {
    const items = [{ body: '{"sentence":"No fever."}', tokens: 5 }];
    const reply = await openLoop({
      kind: 'open',
      url,
      items,
      rate: 400,
      warmSeconds: 0,
      seconds: 1,
    });
    expect(requests).toBeGreaterThan(300);
    expect(requests).toBeLessThan(500);
    expect(reply.answers + reply.unanswered).toBe(requests);
    expect(reply.unanswered).toBe(Math.floor(requests / 10));
    expect(reply.statuses['503']).toBe(reply.refusals.count);
    expect(reply.successes.p50).toBeGreaterThanOrEqual(49);
    expect(reply.refusals.p50).toBeLessThan(49);
  });
});
