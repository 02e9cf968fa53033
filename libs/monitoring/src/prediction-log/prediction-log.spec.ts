import type { PredictionEvent } from '@app/common';
import { DomainError } from '@app/common';
import { Metrics } from '@app/observability';
import { PredictionLog, type PredictionLogOptions } from './prediction-log.js';

const TEXT = 'Jane Roe denies chest pain.';
const NOON = Date.UTC(2026, 0, 31, 12);

function prediction(i: number, more: Partial<PredictionEvent> = {}): PredictionEvent {
  return {
    predictionId: `0196f3a2-5b1c-7c3e-9f00-${String(i).padStart(12, '0')}`,
    tenantId: 'north',
    principalId: 'ada',
    requestId: 'req-a-b',
    model: 'assertion',
    version: '1.0.0',
    task: 'assertion',
    label: 'ABSENT',
    score: 0.9,
    tokens: 12,
    unknownShare: 0.25,
    queueMs: 2,
    runMs: 3,
    batchSize: 4,
    batchTokens: 64,
    paddingWaste: 0.05,
    text: () => TEXT,
    ...more,
  };
}

/** A database that keeps the one parameter of each statement. */
function setup(options: Partial<PredictionLogOptions> = {}) {
  const clock = { now: NOON };
  const state = { away: false, hanging: false, statements: [] as string[], hashed: 0 };
  const metrics = new Metrics({ process: false });
  const db = {
    execute: (query: { queryChunks: unknown[] }) => {
      if (state.hanging) return new Promise(() => undefined);
      if (state.away) return Promise.reject(new DomainError('SERVICE_UNAVAILABLE', 'away'));
      const json = query.queryChunks.find((chunk) => typeof chunk === 'string')!;
      state.statements.push(json);
      return Promise.resolve({ rowCount: (JSON.parse(json) as unknown[]).length });
    },
  };
  const log = new PredictionLog({
    database: { db } as never,
    cipher: {
      encrypt: ({ row }, plain) => `sealed ${plain.length} at ${row}`,
      decrypt: () => '',
      keyedHash: () => {
        state.hashed++;
        return Buffer.from('ab', 'hex');
      },
    },
    log: { info: () => undefined, warn: () => undefined },
    metrics: metrics.predictionLog,
    storeText: false,
    now: () => clock.now,
    ...options,
  });
  const rows = () => state.statements.flatMap((json) => JSON.parse(json) as object[]);
  return { log, clock, state, metrics, rows };
}

describe('PredictionLog', () => {
  it('writes down who asked what of which model, when it was answered and how', async () => {
    const { log, clock, rows } = setup();
    log.onPrediction(prediction(1));
    clock.now += 400;
    log.onPrediction(prediction(2, { label: undefined, score: undefined, text: undefined }));
    clock.now += 100;
    await log.flush();
    expect(rows()).toEqual([
      {
        id: '0196f3a2-5b1c-7c3e-9f00-000000000001',
        at: '2026-01-31T12:00:00.000Z',
        tenant_id: 'north',
        principal_id: 'ada',
        request_id: 'req-a-b',
        model: 'assertion',
        version: '1.0.0',
        task: 'assertion',
        label: 'ABSENT',
        score: 0.9,
        tokens: 12,
        unknown_share: 0.25,
        queue_ms: 2,
        run_ms: 3,
        text_hash: 'ab',
        text: null,
      },
      expect.objectContaining({
        at: '2026-01-31T12:00:00.400Z',
        ...{ label: null, score: null, text_hash: null, text: null },
      }),
    ]);
  });

  it('leaves hashing to the flush', async () => {
    const { log, state } = setup();
    log.onPrediction(prediction(1));
    expect(state.hashed).toBe(0);
    await log.flush();
    expect(state.hashed).toBe(1);
  });

  it('keeps texts encrypted, bound to their row, when the operator wants them', async () => {
    const { log, state, rows } = setup({ storeText: true });
    log.onPrediction(prediction(7));
    await log.flush();
    expect(rows()).toMatchObject([
      { text: `sealed ${TEXT.length} at 0196f3a2-5b1c-7c3e-9f00-000000000007` },
    ]);
    expect(state.statements.join()).not.toContain('Jane');
  });

  it('writes a row without its text when that cannot be encrypted', async () => {
    const encrypt = () => {
      throw new DomainError('SERVICE_UNAVAILABLE', 'no key');
    };
    const cipher = { encrypt, decrypt: () => '', keyedHash: () => Buffer.from('ab', 'hex') };
    const { log, rows } = setup({ storeText: true, cipher });
    log.onPrediction(prediction(1));
    await log.flush();
    expect(rows()).toMatchObject([{ text: null, text_hash: 'ab' }]);
  });

  it('lets go of texts at the next flush even while a statement hangs', async () => {
    const { log, state } = setup();
    state.hanging = true;
    log.onPrediction(prediction(1));
    void log.flush();
    await new Promise((resolve) => setImmediate(resolve));
    for (let i = 2; i < 12; i++) log.onPrediction(prediction(i));
    void log.flush();
    await new Promise((resolve) => setImmediate(resolve));
    expect(state.hashed).toBe(11);
    expect(log.status().buffered).toBe(11);
  });

  it('writes at once when many have come', async () => {
    const { log, rows } = setup();
    for (let i = 0; i < 500; i++) log.onPrediction(prediction(i));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(rows()).toHaveLength(500);
    expect(log.status()).toEqual({ written: 500, dropped: 0, buffered: 0, failing: false });
  });

  it('counts what it had to give up, and shows that as a metric', async () => {
    const { log, clock, state, metrics, rows } = setup({ capacity: { rows: 100 } });
    state.away = true;
    for (let i = 0; i < 130; i++) log.onPrediction(prediction(i));
    await log.flush();
    expect(log.status()).toEqual({ written: 0, dropped: 30, buffered: 100, failing: true });
    const text = await metrics.render();
    expect(text).toContain('prediction_log_dropped_total{reason="buffer_full"} 30');
    expect(text).toContain('prediction_log_buffered 100');
    state.away = false;
    clock.now += 5_000;
    await log.flush();
    expect(rows()).toHaveLength(100);
    expect(rows()[0]).toMatchObject({ id: prediction(30).predictionId });
  });

  it('writes at its end what observers were told of last', async () => {
    const { log, rows } = setup();
    setImmediate(() => log.onPrediction(prediction(1)));
    await log.close();
    expect(rows()).toHaveLength(1);
  });
});
