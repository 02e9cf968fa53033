import { Controller, Get, Param } from '@nestjs/common';
import { DomainError } from '@app/common';
import type { TracedOutcome } from '@app/observability';
import { Public } from '../guards/access.decorators.js';
import { eventually, startEdgeApp, type EdgeApp } from '../testing/edge-app.js';
import { Timing } from './context.decorator.js';
import type { RequestScope } from './request-scope.js';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

@Public()
@Controller()
class TracedController {
  @Get('patients/:id')
  patient(@Param('id') id: string, @Timing() timing: RequestScope) {
    timing.set({ queueMs: 1, runMs: 2 });
    return { id };
  }
  @Get('fails')
  fails() {
    throw new DomainError('OVERLOADED', 'busy');
  }
}

describe('traced requests', () => {
  const started: unknown[][] = [];
  const stages: number[][] = [];
  const ended: TracedOutcome[] = [];
  let server: EdgeApp;

  beforeAll(async () => {
    server = await startEdgeApp([TracedController], {
      requests: {
        tracer: {
          start: (...args) => {
            started.push(args);
            return {
              traceId: TRACE,
              predicted: (...ms) => stages.push(ms),
              end: (outcome) => ended.push(outcome),
            };
          },
        },
      },
    });
  });
  afterAll(() => server.close());

  it('have a span that knows the route and its times, never the URL', async () => {
    const traceparent = `00-${TRACE}-00f067aa0ba902b7-01`;
    const url = `${server.url}/v1/patients/smith?name=smith`;
    const { headers } = await fetch(url, { headers: { traceparent } });
    await eventually(() => ended.length === 1);
    expect(started).toEqual([['GET', expect.any(Number), traceparent]]);
    expect(stages).toEqual([[1, 2]]);
    expect(ended).toEqual([
      {
        route: '/patients/:id',
        status: 200,
        requestId: headers.get('x-request-id'),
        tenantId: 'default',
      },
    ]);
  });

  it('name their trace in problems', async () => {
    const problem = (await (await fetch(`${server.url}/fails`)).json()) as { trace_id: string };
    expect(problem.trace_id).toBe(TRACE);
    const unknown = (await (await fetch(`${server.url}/nowhere`)).json()) as { trace_id: string };
    expect(unknown.trace_id).toBe(TRACE);
    await eventually(() => ended.length === 3);
    expect(ended.slice(1)).toMatchObject([
      { route: '/fails', status: 503 },
      { route: 'unmatched', status: 404 },
    ]);
  });
});
