import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Service } from '../support/service.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const TRACEPARENT = `00-${TRACE}-00f067aa0ba902b7-01`;

describe('traces', () => {
  let collector: Server;
  let endpoint: string;
  const bodies: string[] = [];

  beforeAll(async () => {
    collector = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        bodies.push(body);
        response.setHeader('Content-Type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
    endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    collector.closeAllConnections();
    collector.close();
  });

  it('tell what became of a prediction, without a word of it, and are sent before the end', async () => {
    const service = await Service.start({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint });
    const body = { sentence: 'Jane Miller denies chest pain.', entity: 'chest pain' };
    const answer = await service.post('/predict?patient=Miller', body, {
      traceparent: TRACEPARENT,
      'X-Request-ID': 'asked-by-a-test',
    });
    expect(answer.status).toBe(200);
    const unknown = await service.post('/patients/Miller', {}, { traceparent: TRACEPARENT });
    expect(((await unknown.json()) as { trace_id: string }).trace_id).toBe(TRACE);
    expect(await service.stop()).toBe(0);
    const sent = bodies.join();
    for (const name of ['POST /predict', 'queue', 'run', 'asked-by-a-test']) {
      expect(sent).toContain(JSON.stringify(name));
    }
    expect(sent).toContain(TRACE);
    expect(sent).not.toMatch(/Miller|chest|denies/);
  });

  it('that nobody takes harm neither answers nor the end of the service', async () => {
    const service = await Service.start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' });
    const answer = await service.post('/predict', { sentence: 'No fever.', entity: 'fever' });
    expect(answer.status).toBe(200);
    const before = performance.now();
    expect(await service.stop()).toBe(0);
    expect(performance.now() - before).toBeLessThan(10_000);
  });
});
