import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { openTracing } from './open-tracing.js';
import type { Tracing } from './tracing.js';

interface SentSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly { key: string; value: Record<string, unknown> }[];
  readonly status: { readonly code?: number };
}
interface Sent {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: SentSpan['attributes'] };
    readonly scopeSpans: readonly { readonly spans: readonly SentSpan[] }[];
  }[];
}

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';
const OUTCOME = { route: '/predict', status: 200, requestId: 'req-a-b', tenantId: 'default' };

/** As much of a collector as tracing needs: OTLP over HTTP, in JSON. */
class Collector {
  readonly bodies: string[] = [];
  readonly paths: (string | undefined)[] = [];
  private readonly server: Server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      this.bodies.push(body);
      this.paths.push(request.url);
      if (this.refuses) response.statusCode = 400;
      if (!this.hangs) response.setHeader('Content-Type', 'application/json').end('{}');
    });
  });
  hangs = false;
  refuses = false;

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }
  get spans(): SentSpan[] {
    return this.bodies
      .flatMap((body) => (JSON.parse(body) as Sent).resourceSpans)
      .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  }
  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

describe('tracing', () => {
  let collector: Collector;
  let tracing: Tracing;
  const warnings: string[] = [];
  const open = (endpoint: string) =>
    openTracing({
      endpoint,
      version: '1.2.3',
      log: { warn: (_details, message) => warnings.push(message) },
      sendEveryMs: 20,
    });

  beforeEach(async () => {
    collector = new Collector();
    tracing = await open(await collector.listen());
    warnings.length = 0;
  });
  afterEach(async () => {
    await tracing.close();
    collector.close();
  });

  const attributesOf = ({ attributes }: SentSpan) =>
    Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));

  it('continues the caller’s trace, with what waiting and running took', async () => {
    const startedAt = performance.now() - 50;
    const span = tracing.start('POST', startedAt, `00-${TRACE}-${CALLER}-01`);
    expect(span.traceId).toBe(TRACE);
    span.predicted(10, 30);
    span.end(OUTCOME);
    await tracing.close();
    expect(collector.paths).toEqual(['/v1/traces']);
    const [queue, run, request] = collector.spans;
    expect(request).toMatchObject({
      traceId: TRACE,
      parentSpanId: CALLER,
      name: 'POST /predict',
      kind: 2,
    });
    expect(attributesOf(request!)).toEqual({
      'http.request.method': 'POST',
      'http.route': '/predict',
      'http.response.status_code': 200,
      'clinserve.request_id': 'req-a-b',
      'clinserve.tenant_id': 'default',
    });
    for (const stage of [queue, run]) {
      expect(stage).toMatchObject({ traceId: TRACE, parentSpanId: request!.spanId });
    }
    const msOf = (sent: SentSpan) =>
      Number(BigInt(sent.endTimeUnixNano) - BigInt(sent.startTimeUnixNano)) / 1e6;
    expect(msOf(queue!)).toBeCloseTo(10, 0);
    expect(msOf(run!)).toBeCloseTo(30, 0);
    expect(queue!.endTimeUnixNano).toBe(run!.startTimeUnixNano);
    expect(msOf(request!)).toBeGreaterThanOrEqual(50);
    const started = Number(BigInt(request!.startTimeUnixNano) / 1_000_000n);
    expect(Math.abs(started - (performance.timeOrigin + startedAt))).toBeLessThan(1_000);
    const { resource } = (JSON.parse(collector.bodies[0]!) as Sent).resourceSpans[0]!;
    expect(resource.attributes).toContainEqual({
      key: 'service.name',
      value: { stringValue: 'clinserve' },
    });
  });

  it.each([
    undefined,
    '',
    'nonsense',
    `00-${'0'.repeat(32)}-${CALLER}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE}-${CALLER}`,
    ['a', 'b'],
  ])('begins a trace of its own for traceparent %j', (header) => {
    const { traceId } = tracing.start('GET', performance.now(), header);
    expect(traceId).toMatch(/^[\da-f]{32}$/);
    expect(traceId).not.toBe(TRACE);
    expect(traceId).not.toBe('0'.repeat(32));
  });

  it('records nothing of what the caller chose not to record', async () => {
    const span = tracing.start('GET', performance.now(), `00-${TRACE}-${CALLER}-00`);
    expect(span.traceId).toBe(TRACE);
    span.predicted(1, 1);
    span.end(OUTCOME);
    await tracing.close();
    expect(collector.spans).toEqual([]);
  });

  it('marks what was our failure, and nothing else', async () => {
    for (const status of [200, 404, 499, 500, 503]) {
      tracing.start('GET', performance.now(), undefined).end({ ...OUTCOME, status });
    }
    tracing
      .start('SMITH', performance.now(), undefined)
      .end({ ...OUTCOME, route: 'unmatched', tenantId: null });
    await tracing.close();
    const failed = collector.spans.filter(({ status }) => status.code === 2);
    expect(failed.map((span) => attributesOf(span)['error.type'])).toEqual(['500', '503']);
    const odd = collector.spans.at(-1)!;
    expect(odd.name).toBe('_OTHER');
    expect(attributesOf(odd)).not.toHaveProperty('http.route');
    expect(collector.bodies.join()).not.toContain('SMITH');
  });

  it.each(['that is away', 'that never answers'])(
    'keeps a bounded number of spans for a collector %s, and closes in time',
    async (kind) => {
      if (kind === 'that is away') collector.close();
      else collector.hangs = true;
      for (let i = 0; i < 10_000; i++) {
        tracing.start('GET', performance.now(), undefined).end(OUTCOME);
      }
      const before = performance.now();
      await tracing.close();
      expect(performance.now() - before).toBeLessThan(3_000);
      // What is on its way, and what waits.
      expect(collector.spans.length).toBeLessThanOrEqual(512 + 2_048);
    },
  );

  it('says once that the collector does not take them', async () => {
    collector.refuses = true;
    for (let batch = 0; batch < 3; batch++) {
      tracing.start('GET', performance.now(), undefined).end(OUTCOME);
      while (collector.bodies.length <= batch) await sleep(10);
    }
    await tracing.close();
    expect(collector.bodies).toHaveLength(3);
    expect(warnings).toEqual(['traces are not taken; some will be lost']);
  });
});
