import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import fc from 'fast-check';
import { Agent, request } from 'undici';
import { Service } from '../support/service.js';

/** As many as the service must survive without one 5xx. */
const REQUESTS = 10_000;
const IN_PARALLEL = 16;

interface BadRequest {
  readonly path: string;
  readonly body: string | Buffer;
  readonly type?: string;
}

const PATHS = ['/predict', '/predict/batch', '/models/clinical-assertion/predict', '/v1/predict'];
const path = fc.constantFrom(...PATHS);
const json = fc.json({ maxDepth: 4 });
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc.string({ maxLength: 60 }),
  fc.constantFrom(
    'No fever.',
    '[SEP][SEP]',
    '\u0000\u0000',
    '\ud800',
    '\u202Eabc',
    '😀'.repeat(30),
  ),
);
const nasty = fc.oneof(fc.anything({ maxDepth: 2 }), fc.integer(), fc.double(), fc.constant(-1));
const entity = fc.oneof(
  text,
  nasty,
  fc.record({ start: nasty, end: nasty }),
  fc.record({ start: fc.integer({ min: -5, max: 80 }), end: fc.integer({ min: -5, max: 80 }) }),
  fc.record({ start: fc.nat(5), end: fc.nat(5), extra: nasty }),
);
const item = fc.oneof(
  text,
  nasty,
  fc.record({ sentence: text, entity }),
  fc.record({ text: nasty }),
);
const send = (value: unknown): string | undefined =>
  JSON.stringify(value, (_, v: unknown) => (typeof v === 'bigint' ? Number(v) : v));

/** Wrong types, wrong offsets, unknown fields, absent entities. */
const wrongFields = fc.oneof(
  fc.record({ sentence: fc.oneof(text, nasty), entity, truncate: fc.oneof(fc.boolean(), nasty) }),
  fc.record({ sentences: fc.oneof(fc.array(item, { maxLength: 120 }), nasty) }),
  fc.record({
    inputs: fc.oneof(fc.array(item, { maxLength: 5 }), nasty),
    options: nasty,
    model_version: nasty,
  }),
  fc.dictionary(fc.string(), nasty),
);
const badRequest: fc.Arbitrary<BadRequest> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ path, body: wrongFields.map((value) => send(value) ?? '') }),
  },
  { weight: 2, arbitrary: fc.record({ path, body: json }) },
  {
    weight: 2,
    arbitrary: fc.record({ path, body: fc.string({ unit: 'binary', maxLength: 200 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      path,
      body: fc.uint8Array({ maxLength: 200 }).map((b) => Buffer.from(b)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      body: json,
      type: fc.constantFrom(
        'text/plain',
        'application/xml',
        'application/json; charset=latin1',
        'nonsense',
        '',
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      body: fc.integer({ min: 1, max: 20_000 }).map((n) => '['.repeat(n) + ']'.repeat(n)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      body: fc.integer({ min: 1, max: 20_000 }).map((n) => `{"sentence":`.repeat(n)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      body: fc
        .integer({ min: 1, max: 60_000 })
        .map((n) => JSON.stringify({ sentence: 'x'.repeat(n) })),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      path,
      body: fc
        .integer({ min: 100, max: 5_000 })
        .map((n) => JSON.stringify({ sentences: Array(n).fill('No fever.') })),
    }),
  },
  { weight: 1, arbitrary: fc.record({ path: fc.webPath().map((p) => p || '/'), body: json }) },
);

function residentBytes(pid: number): number {
  const pages = readFileSync(`/proc/${pid}/statm`, 'latin1').split(' ')[1];
  return Number(pages) * 4096;
}

describe('hostile clients', () => {
  let service: Service;
  beforeAll(async () => {
    service = await Service.start();
  });
  afterAll(async () => {
    await service.stop();
  });

  it(`answers ${REQUESTS} generated bad requests without one 5xx or hang, in flat memory`, async () => {
    const agent = new Agent({ connections: IN_PARALLEL });
    const requests = fc.sample(badRequest, { numRuns: REQUESTS, seed: 42 });
    const pid = service.process.pid!;
    const statuses = new Map<number, number>();
    let early = 0;
    let next = 0;
    const client = async () => {
      for (let bad = requests[next++]; bad; bad = requests[next++]) {
        if (next === REQUESTS / 2) early = residentBytes(pid);
        const response = await request(service.url + bad.path, {
          method: 'POST',
          dispatcher: agent,
          headers: bad.type === '' ? {} : { 'content-type': bad.type ?? 'application/json' },
          body: bad.body,
          headersTimeout: 10_000,
          bodyTimeout: 10_000,
        });
        await response.body.dump();
        statuses.set(response.statusCode, (statuses.get(response.statusCode) ?? 0) + 1);
        if (response.statusCode >= 500) {
          throw new Error(
            `${response.statusCode} for ${bad.path} ${bad.body.toString().slice(0, 300)}`,
          );
        }
      }
    };
    await Promise.all(Array.from({ length: IN_PARALLEL }, client));
    await agent.close();
    expect([...statuses.values()].reduce((a, b) => a + b, 0)).toBe(REQUESTS);
    expect([...statuses.keys()].filter((status) => status >= 500)).toEqual([]);
    for (const status of [400, 404, 415, 422]) expect(statuses.get(status)).toBeGreaterThan(0);
    // Half of them already ran: what is kept per request would double what has grown since.
    expect(residentBytes(pid) - early).toBeLessThan(50 * 2 ** 20);
    expect((await service.post('/predict', { sentence: 'No fever.' })).status).toBe(200);
  }, 180_000);

  it('refuses a body over the limit at once, however it is announced', async () => {
    const body = JSON.stringify({ sentence: 'x'.repeat(3 * 2 ** 20) });
    const response = await service.post('/predict', JSON.parse(body));
    expect(response.status).toBe(413);
    expect(await response.json()).toMatchObject({ error_code: 'PAYLOAD_TOO_LARGE' });
  });

  it('answers a hostile word or text in bounded time', async () => {
    for (const sentence of [
      'z'.repeat(100_000),
      'é'.repeat(50_000),
      '患'.repeat(30_000),
      ' '.repeat(900_000),
    ]) {
      const started = performance.now();
      const response = await service.post('/predict', { sentence });
      expect([200, 422]).toContain(response.status);
      expect(performance.now() - started).toBeLessThan(2_000);
    }
  });

  it('survives clients that leave in the middle of a request', async () => {
    const { hostname, port } = new URL(service.url);
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const socket = connect(Number(port), hostname);
        await new Promise((resolve) => socket.once('connect', resolve));
        const body = JSON.stringify({ sentence: 'No fever.' });
        const head = `POST /predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
        socket.write((head + body).slice(0, 20 + i * 2));
        await new Promise((resolve) => setTimeout(resolve, 5));
        socket.destroy();
      }),
    );
    expect((await service.post('/predict', { sentence: 'No fever.' })).status).toBe(200);
  });
});
