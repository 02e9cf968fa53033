import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { DeliveryBench, type BenchOptions } from '../support/delivery-bench.js';
import { RECEIVER_CERTIFICATE } from '../support/receiver-certificate.js';
import { answering, verified, WebhookReceiver } from '../support/webhook-receiver.js';

const PUBLIC = '93.184.216.34';

describe('webhooks to receivers that mean no good', () => {
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  async function open(options: BenchOptions = {}): Promise<DeliveryBench> {
    const bench = await DeliveryBench.open(options);
    closing.push(() => bench.close());
    return bench;
  }
  async function listen(options?: { readonly tls: boolean }): Promise<WebhookReceiver> {
    const receiver = await WebhookReceiver.start(options);
    closing.push(() => receiver.down());
    return receiver;
  }
  /** Takes connections and says nothing. @returns the port */
  async function accept(host: string, port: number, take: (socket: Socket) => void) {
    const server = createServer((socket) => take(socket.on('error', () => undefined)));
    closing.push(async () => {
      await once(server.close(), 'close');
    });
    await once(server.listen(port, host), 'listening');
    return (server.address() as AddressInfo).port;
  }
  async function attempt(bench: DeliveryBench, url: string) {
    const id = await bench.send(url);
    await bench.run();
    return bench.deliveries.get('north', id);
  }

  it('follow no redirect', async () => {
    const bench = await open();
    const [receiver, other] = [await listen(), await listen()];
    const { secret } = await bench.rotate();
    for (const location of ['http://169.254.169.254/latest/meta-data/', other.url]) {
      for (const status of [301, 302, 303, 307, 308]) {
        receiver.answer = answering(status, { location });
        expect(await attempt(bench, receiver.url)).toMatchObject({
          state: 'pending',
          attempts: 1,
          lastStatus: status,
          lastError: `Answered ${status}; redirects are not followed.`,
        });
      }
    }
    expect(receiver.received).toHaveLength(10);
    for (const message of receiver.received) verified(secret, message, bench.clock.now);
    expect(other.received).toEqual([]);
  });

  it('go nowhere when the second look-up tells a private address', async () => {
    const hosts = { 'hooks.example.org': [[PUBLIC], ['169.254.169.254'], [PUBLIC, '10.0.0.5']] };
    const bench = await open({ allowPrivate: false, hosts });
    const url = 'https://hooks.example.org/';
    await expect(bench.webhooks.guard.accept('url', url)).resolves.toBeUndefined();
    for (const lookUps of [2, 3]) {
      const { lastError, lastStatus } = await attempt(bench, url);
      expect(lastStatus).toBeNull();
      expect(lastError).toMatch(/^The URL was refused: its host has an address that is not public/);
      expect(bench.lookUps).toHaveLength(lookUps);
    }
  });

  it('connect to the address that was checked, and look no name up again', async () => {
    const receiver = await listen();
    const hosts = { 'rebound.example.org': [['127.0.0.1'], ['127.0.0.2']] };
    const bench = await open({ hosts });
    const url = `http://rebound.example.org:${receiver.port}/hooks`;
    expect(await attempt(bench, url)).toMatchObject({ state: 'delivered' });
    expect(bench.lookUps).toEqual(['rebound.example.org']);
    expect(receiver.received[0]?.headers['host']).toBe(`rebound.example.org:${receiver.port}`);
    // What the name means by now is another address, where nobody listens.
    expect(await attempt(bench, url)).toMatchObject({
      lastError: 'The connection failed (ECONNREFUSED).',
    });
  });

  it('check the certificate of the name, not of the address', async () => {
    const receiver = await listen({ tls: true });
    const addresses = [['127.0.0.1']];
    const hosts = { 'receiver.example.test': addresses, 'other.example.test': addresses };
    const trusting = await open({ hosts, ca: RECEIVER_CERTIFICATE.cert });
    const url = (host: string) => `https://${host}:${receiver.port}/hooks`;
    expect((await attempt(trusting, url('receiver.example.test'))).state).toBe('delivered');
    expect(receiver.received[0]?.servername).toBe('receiver.example.test');
    for (const host of ['other.example.test', '127.0.0.1']) {
      expect((await attempt(trusting, url(host))).lastError).toBe(
        'The connection failed (ERR_TLS_CERT_ALTNAME_INVALID).',
      );
    }
    const usual = await open({ hosts });
    expect((await attempt(usual, url('receiver.example.test'))).lastError).toBe(
      'The connection failed (DEPTH_ZERO_SELF_SIGNED_CERT).',
    );
    expect(receiver.received).toHaveLength(1);
  });

  it('try the other addresses of a host when one does not answer', async () => {
    const receiver = await listen();
    const bench = await open({ hosts: { 'two.example.org': [['127.0.0.9', '127.0.0.1']] } });
    const { state } = await attempt(bench, `http://two.example.org:${receiver.port}/`);
    expect(state).toBe('delivered');
  });

  it('try the first four addresses of a host only', async () => {
    const receiver = await listen();
    const silent = [2, 3, 4, 5].map((last) => `127.0.0.${last}`);
    const bench = await open({ hosts: { 'many.example.org': [[...silent, '127.0.0.1']] } });
    const { lastError } = await attempt(bench, `http://many.example.org:${receiver.port}/`);
    expect(lastError).toBe('The connection failed (ECONNREFUSED).');
    expect(receiver.received).toEqual([]);
  });

  it('try no other address once the attempt was given up', async () => {
    const held: Socket[] = [];
    let asked = 0;
    const next = await accept('127.0.0.1', 0, (socket) => {
      asked++;
      socket.destroy();
    });
    // Never answers the handshake, and then breaks the connection.
    await accept('127.0.0.2', next, (socket) => held.push(socket));
    const addresses = [['127.0.0.2', '127.0.0.1']];
    const bench = await open({ hosts: { 'two.example.org': addresses }, timeoutMs: 200 });
    const { lastError } = await attempt(bench, `https://two.example.org:${next}/`);
    expect(lastError).toBe('No answer within 0.2 s.');
    for (const socket of held) socket.destroy();
    await sleep(300);
    expect([held.length, asked]).toEqual([1, 0]);
  });

  it('end after the time limit when the receiver hangs, in whatever phase', async () => {
    const bench = await open({ timeoutMs: 200 });
    const receiver = await listen();
    receiver.answer = () => undefined;
    expect((await attempt(bench, receiver.url)).lastError).toBe('No answer within 0.2 s.');
    // A status is an answer, even when its body never ends.
    receiver.answer = (response) => void response.writeHead(200).write('a');
    const started = performance.now();
    expect((await attempt(bench, receiver.url)).state).toBe('delivered');
    expect(performance.now() - started).toBeLessThan(1_900);
  });

  it('take nothing of an endless answer', async () => {
    const bench = await open();
    const receiver = await listen();
    let written = 0;
    const cut = new Promise<void>((resolve) => {
      receiver.answer = (response) => {
        response.writeHead(500, { 'x-secret': 'of the receiver' });
        const more = () => {
          while (!response.destroyed && response.write('leaked '.repeat(2_000))) written += 14_000;
        };
        response.on('drain', more).on('close', resolve);
        more();
      };
    });
    const row = await attempt(bench, receiver.url);
    await cut;
    expect(written).toBeLessThan(8_000_000);
    expect(row.lastError).toBe('Answered 500.');
    expect(JSON.stringify([row, await bench.deliveries.attemptsOf(row.id)])).not.toMatch(
      /leaked|of the receiver/,
    );
  });

  it('do not delay others by a receiver that hangs', async () => {
    const bench = await open({ timeoutMs: 3_000 });
    const [hanging, prompt] = [await listen(), await listen()];
    hanging.answer = () => undefined;
    for (let i = 0; i < 40; i++) await bench.send(hanging.url, 'north');
    for (let i = 0; i < 20; i++) await bench.send(prompt.url, 'south');
    // Also of the tenant whose other receiver it is.
    await bench.send(prompt.url, 'north');
    let left = 21;
    const allThere = new Promise<void>((resolve) => {
      prompt.answer = (response) => {
        response.writeHead(204).end();
        if (--left === 0) resolve();
      };
    });
    const started = performance.now();
    const running = bench.run();
    await Promise.race([allThere, running]);
    expect(left).toBe(0);
    expect(performance.now() - started).toBeLessThan(2_500);
    await running;
    expect(hanging.received.length).toBeLessThanOrEqual(4);
    const { rows } = await bench.deliveries.list('north', { state: 'pending' }, null, 100);
    // Those that were turned away have not used up an attempt.
    expect(rows.filter(({ attempts }) => attempts === 0)).toHaveLength(36);
  });

  it('leave a delivery to others when the process gives an attempt up', async () => {
    const bench = await open();
    const receiver = await listen();
    const closing = new AbortController();
    receiver.answer = () => closing.abort();
    const id = await bench.send(receiver.url);
    await bench.run(closing.signal);
    expect(await bench.deliveries.get('north', id)).toMatchObject({
      state: 'pending',
      attempts: 1,
    });
    expect(await bench.deliveries.attemptsOf(id)).toEqual([]);
    receiver.answer = answering(204);
    bench.clock.now += 180_000;
    await bench.deliveries.sweep();
    await bench.run();
    expect(receiver.ids).toEqual([id, id]);
  });
});
