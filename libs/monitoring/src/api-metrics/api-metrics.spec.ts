import { DomainError } from '@app/common';
import { ApiMetrics } from './api-metrics.js';
import type { ApiMetricsRow } from './api-metrics.repository.js';

const NOON = Date.UTC(2026, 0, 31, 12);
const REQUEST = {
  tenantId: 'north',
  method: 'POST',
  route: '/predict',
  status: 200,
  seconds: 0.01,
};

function setup(capacity?: number) {
  const clock = { now: NOON };
  const state = { away: false, written: [] as ApiMetricsRow[][], warnings: [] as string[] };
  const db = {
    execute: (query: { queryChunks: unknown[] }) => {
      if (state.away) return Promise.reject(new DomainError('SERVICE_UNAVAILABLE', 'away'));
      const json = query.queryChunks.find((chunk) => typeof chunk === 'string')!;
      state.written.push(JSON.parse(json) as ApiMetricsRow[]);
      return Promise.resolve({ rowCount: 1 });
    },
  };
  const metrics = new ApiMetrics({
    database: { db } as never,
    log: { info: () => undefined, warn: (_, message) => state.warnings.push(message) },
    capacity,
    now: () => clock.now,
  });
  return { metrics, clock, state };
}

describe('ApiMetrics', () => {
  it('counts by minute, tenant, method, route and status', async () => {
    const { metrics, clock, state } = setup();
    metrics.observe(REQUEST);
    metrics.observe({ ...REQUEST, seconds: 0.03 });
    metrics.observe({ ...REQUEST, tenantId: 'south' });
    metrics.observe({ ...REQUEST, tenantId: null, status: 401 });
    clock.now += 60_000;
    metrics.observe(REQUEST);
    await metrics.flush();
    const [rows = []] = state.written;
    expect(rows.map((row) => [row.minute, row.tenant_id, row.status, row.requests])).toEqual([
      ['2026-01-31T12:00:00.000Z', 'north', 200, 2],
      ['2026-01-31T12:00:00.000Z', 'south', 200, 1],
      ['2026-01-31T12:00:00.000Z', '', 401, 1],
      ['2026-01-31T12:01:00.000Z', 'north', 200, 1],
    ]);
    expect(rows[0]).toMatchObject({ total_ms: 40, max_ms: 30 });
    expect(rows[0]?.durations.reduce((sum, count) => sum + count)).toBe(2);
  });

  it('writes how far the counts have come, and only of what has changed', async () => {
    const { metrics, state } = setup();
    metrics.observe(REQUEST);
    metrics.observe({ ...REQUEST, route: '/models' });
    await metrics.flush();
    metrics.observe(REQUEST);
    await metrics.flush();
    await metrics.flush();
    expect(state.written.map((rows) => rows.map((row) => [row.route, row.requests]))).toEqual([
      [
        ['/predict', 1],
        ['/models', 1],
      ],
      [['/predict', 2]],
    ]);
  });

  it('keeps counts while the database is away', async () => {
    const { metrics, clock, state } = setup();
    state.away = true;
    for (let i = 0; i < 3; i++) {
      metrics.observe(REQUEST);
      await metrics.flush();
      clock.now += 60_000;
    }
    expect(state.warnings).toHaveLength(1);
    state.away = false;
    await metrics.close();
    expect(state.written).toHaveLength(1);
    expect(state.written[0]?.map((row) => row.requests)).toEqual([1, 1, 1]);
  });

  it('gives up the oldest minute when too many counts wait', async () => {
    const { metrics, clock, state } = setup(4);
    state.away = true;
    for (let minute = 0; minute < 3; minute++) {
      for (const status of [200, 422]) metrics.observe({ ...REQUEST, status });
      clock.now += 60_000;
    }
    state.away = false;
    await metrics.flush();
    expect(state.written[0]?.map((row) => row.minute.slice(14, 16))).toEqual([
      '01',
      '01',
      '02',
      '02',
    ]);
    expect(state.warnings).toEqual([expect.stringContaining('given up')]);
  });
});
