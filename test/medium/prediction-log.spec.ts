import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { newId, type PredictionEvent } from '@app/common';
import { openDatabase, type Database } from '@app/database';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import type { FieldCipher } from '@app/encryption';
import {
  ApiMetrics,
  ApiStatistics,
  predictionLog,
  PredictionLog,
  PredictionReader,
  PredictionStatistics,
  Retention,
  type PredictionLogOptions,
} from '@app/monitoring';
import { Metrics } from '@app/observability';
import { sql } from 'drizzle-orm';

const NOON = Date.UTC(2026, 0, 31, 12);
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** Stands in for encryption, which has its own tests: readable, and bound to its place. */
const cipher: FieldCipher = {
  encrypt: ({ row }, plain) => `${row}:${Buffer.from(plain).toString('base64')}`,
  decrypt: ({ row }, envelope) => {
    const [of, sealed = ''] = envelope.split(':');
    if (of !== row) throw new Error('moved');
    return Buffer.from(sealed, 'base64').toString();
  },
  keyedHash: (purpose, value) => Buffer.from(`${purpose} ${value.length}`),
};

function prediction(more: Partial<PredictionEvent> = {}): PredictionEvent {
  return {
    predictionId: newId(),
    tenantId: 'north',
    principalId: 'ada',
    requestId: 'req-a-b',
    model: 'assertion',
    version: '1.0.0',
    task: 'assertion',
    label: 'ABSENT',
    score: 0.75,
    tokens: 12,
    unknownShare: 0.25,
    queueMs: 2,
    runMs: 3,
    batchSize: 4,
    batchTokens: 64,
    paddingWaste: 0.05,
    text: () => 'no fever',
    ...more,
  };
}

function logOn(database: Database, options: Partial<PredictionLogOptions> = {}): PredictionLog {
  return new PredictionLog({
    database,
    cipher,
    log: SILENT_LOG,
    metrics: new Metrics({ process: false }).predictionLog,
    storeText: false,
    ...options,
  });
}

async function idsIn(database: Database): Promise<string[]> {
  const rows = await database.db.select({ id: predictionLog.id }).from(predictionLog);
  return rows.map(({ id }) => id).sort();
}

describe('the prediction log', () => {
  let fresh: FreshDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await freshDatabase({ poolSize: 4 });
    database = fresh.database;
  });
  afterAll(() => fresh.drop());
  beforeEach(() => database.db.execute(sql`truncate prediction_log, api_metrics`));

  it('loses none of 20,000 predictions that come while others use the database', async () => {
    const log = logOn(database);
    log.open();
    const sent: string[] = [];
    const use = { over: false };
    const others = Array.from({ length: 3 }, async () => {
      while (!use.over) await database.db.execute(sql`select pg_sleep(0.005)`);
    });
    while (sent.length < 20_000) {
      for (let i = 0; i < 80; i++) {
        const event = prediction();
        sent.push(event.predictionId);
        log.onPrediction(event);
      }
      await sleep(5);
    }
    use.over = true;
    await Promise.all(others);
    await log.close();
    expect(await idsIn(database)).toEqual(sent.sort());
    expect(log.status()).toEqual({ written: 20_000, dropped: 0, buffered: 0, failing: false });
  });

  it('keeps one row of a prediction that is written twice', async () => {
    const event = prediction();
    for (let i = 0; i < 2; i++) {
      const log = logOn(database);
      log.onPrediction(event);
      log.onPrediction(event);
      await log.close();
      expect(log.status()).toMatchObject({ written: i === 0 ? 1 : 0, dropped: 0 });
    }
    expect(await idsIn(database)).toEqual([event.predictionId]);
  });

  it('writes everything but a row that Postgres refuses', async () => {
    const log = logOn(database);
    const sound = Array.from({ length: 40 }, () => prediction());
    for (const event of sound) log.onPrediction(event);
    log.onPrediction(prediction({ label: 'with a NUL: \0' }));
    log.onPrediction(prediction({ runMs: NaN }));
    await log.close();
    expect(await idsIn(database)).toEqual(sound.map(({ predictionId }) => predictionId).sort());
    expect(log.status()).toMatchObject({ written: 40, dropped: 2 });
  });

  describe('read by tenants', () => {
    const north = { tenantId: 'north', model: 'assertion' };
    const south = { tenantId: 'south', model: 'assertion' };
    const both = { tenantId: null, model: 'assertion' };
    const statistics = () => new PredictionStatistics(database, () => NOON);
    const reader = () => new PredictionReader(database, cipher);

    /** @param at ms before noon */
    async function write(ago: number, ...events: Partial<PredictionEvent>[]) {
      const log = logOn(database, { now: () => NOON - ago, storeText: true });
      const made = events.map((event) => prediction(event));
      for (const event of made) log.onPrediction(event);
      await log.close();
      return made.map(({ predictionId }) => predictionId);
    }

    it('gives each its own statistics, and operators those of all', async () => {
      await write(HOUR, { score: 0.5 }, { score: 1, label: 'PRESENT', runMs: 7 });
      await write(HOUR, { tenantId: 'south', label: 'POSSIBLE', score: 0.25 });
      await write(HOUR, { model: 'other' });
      await write(3 * HOUR, {});
      expect(await statistics().stats(north, 2)).toEqual({
        total: 2,
        avgConfidence: 0.75,
        avgProcessingMs: 7,
        byLabel: { ABSENT: 1, PRESENT: 1 },
      });
      expect(await statistics().stats(south, 2)).toMatchObject({
        total: 1,
        byLabel: { POSSIBLE: 1 },
      });
      expect(await statistics().stats(both, 2)).toMatchObject({ total: 3 });
      expect(await statistics().stats(north, 4)).toMatchObject({ total: 3 });
      expect(await statistics().stats({ ...north, version: '2.0.0' }, 4)).toEqual({
        total: 0,
        avgConfidence: null,
        avgProcessingMs: null,
        byLabel: {},
      });
    });

    it('sums up each version of each model', async () => {
      await write(HOUR, {}, {}, { version: '1.1.0', score: undefined, label: undefined });
      await write(HOUR, { tenantId: 'south', model: 'other' });
      expect(await statistics().byModel({ tenantId: 'north' }, 24)).toEqual([
        {
          model: 'assertion',
          version: '1.0.0',
          total: 2,
          avgConfidence: 0.75,
          avgProcessingMs: 5,
          last: new Date(NOON - HOUR),
        },
        expect.objectContaining({ version: '1.1.0', total: 1, avgConfidence: null }),
      ]);
      expect(await statistics().byModel({ tenantId: null }, 24)).toHaveLength(3);
    });

    it('tells the trend by days of UTC, with days on which nothing came', async () => {
      await write(0, {});
      await write(12 * HOUR, {});
      await write(12 * HOUR + 1, { score: 0.25 });
      await write(3 * DAY, {}, {});
      await write(0, { tenantId: 'south' });
      expect(await statistics().trends(north, 3)).toEqual([
        { date: '2026-01-29', count: 0, avgProcessingMs: null, avgConfidence: null },
        { date: '2026-01-30', count: 1, avgProcessingMs: 5, avgConfidence: 0.25 },
        { date: '2026-01-31', count: 2, avgProcessingMs: 5, avgConfidence: 0.75 },
      ]);
      const counts = await statistics().trends(both, 4);
      expect(counts.map(({ count }) => count)).toEqual([2, 0, 1, 3]);
    });

    it('lists each its own, page by page, newest first, also those of one moment', async () => {
      const sameMoment = await write(HOUR, {}, {}, {});
      const newer = await write(1, {}, {});
      await write(2, { tenantId: 'south' });
      const seen: string[] = [];
      let after: string | null = null;
      do {
        const page = await reader().list(north, after, 2);
        expect(page.total).toBe(5);
        seen.push(...page.predictions.map(({ id }) => id));
        after = page.next;
      } while (after !== null);
      expect(seen).toEqual([...newer.reverse(), ...sameMoment.reverse()]);
      expect((await reader().list(south, null, 10)).total).toBe(1);
      expect((await reader().list(both, null, 10)).total).toBe(6);
    });

    it('narrows by label, version and time', async () => {
      const [old] = await write(2 * HOUR, { label: 'PRESENT', version: '1.1.0' });
      const [late] = await write(HOUR, { label: 'PRESENT' });
      await write(HOUR, { label: 'ABSENT' });
      const list = async (more: object) => {
        const { predictions, total } = await reader().list({ ...north, ...more }, null, 10);
        expect(predictions).toHaveLength(total);
        return predictions.map(({ id }) => id);
      };
      expect(await list({ label: 'PRESENT' })).toEqual([late, old]);
      expect(await list({ version: '1.1.0' })).toEqual([old]);
      expect(await list({ label: 'PRESENT', from: new Date(NOON - HOUR) })).toEqual([late]);
      expect(await list({ to: new Date(NOON - HOUR) })).toEqual([old]);
    });

    it('refuses a cursor that is none of its own', async () => {
      for (const after of ['', 'x/y', `2026-13-31T10:00:00.000Z/${newId()}`, "'; drop"]) {
        await expect(reader().list(north, after, 10)).rejects.toMatchObject({
          code: 'VALIDATION_ERROR',
          fields: [{ field: 'cursor' }],
        });
      }
    });

    it('gives texts to their own tenant alone', async () => {
      const ids = [
        ...(await write(1, {}, { text: undefined })),
        ...(await write(1, { tenantId: 'south', text: () => 'of the south' })),
      ];
      const list = await reader().list(both, null, 10);
      expect(list.predictions.map(({ textStored }) => textStored).sort()).toEqual([
        false,
        true,
        true,
      ]);
      expect(await reader().texts('north', ids)).toEqual(new Map([[ids[0], 'no fever']]));
      expect(await reader().texts('south', ids)).toEqual(new Map([[ids[2], 'of the south']]));
    });

    it('tells each how its requests went', async () => {
      const metrics = new ApiMetrics({ database, log: SILENT_LOG, now: () => NOON - 90_000 });
      const request = {
        tenantId: 'north' as string | null,
        method: 'POST',
        route: '/predict',
        status: 200,
        seconds: 0.01,
      };
      for (let i = 0; i < 98; i++) metrics.observe(request);
      metrics.observe({ ...request, status: 503, seconds: 1 });
      metrics.observe({ ...request, status: 422, route: '/models', seconds: 0.002 });
      metrics.observe({ ...request, tenantId: 'south' });
      metrics.observe({ ...request, tenantId: null, status: 401 });
      await metrics.flush();
      // Another process, the same minute.
      const other = new ApiMetrics({ database, log: SILENT_LOG, now: () => NOON - 90_000 });
      other.observe(request);
      await other.close();
      await metrics.close();

      const api = new ApiStatistics(database, () => NOON);
      const overview = await api.overview('north', 1);
      expect(overview).toMatchObject({ requests: 101, failed: 1, refused: 1, maxMs: 1_000 });
      expect(overview.avgMs).toBeCloseTo((99 * 10 + 1_000 + 2) / 101);
      expect(overview.p50Ms! / 10).toBeGreaterThan(0.81);
      expect(overview.p95Ms! / 10).toBeLessThan(1.19);
      expect(overview.routes.map(({ route, requests }) => [route, requests])).toEqual([
        ['/predict', 100],
        ['/models', 1],
      ]);
      expect(overview.minutes).toEqual([
        { minute: new Date(NOON - 120_000), requests: 101, failed: 1, avgMs: overview.avgMs },
      ]);
      expect(await api.overview('south', 1)).toMatchObject({ requests: 1, refused: 0 });
      expect(await api.overview(null, 1)).toMatchObject({ requests: 103, refused: 2 });
      expect(await api.overview('nobody', 1)).toMatchObject({ requests: 0, p95Ms: null });
    });

    it('removes what is older than it may be, in small batches', async () => {
      await write(91 * DAY, ...Array.from({ length: 25 }, () => ({})));
      const kept = await write(89 * DAY, {}, {});
      for (const ago of [91 * DAY, 89 * DAY]) {
        const metrics = new ApiMetrics({ database, log: SILENT_LOG, now: () => NOON - ago });
        metrics.observe({ tenantId: null, method: 'GET', route: '/', status: 200, seconds: 1 });
        await metrics.close();
      }
      const options = { database, log: SILENT_LOG, now: () => NOON, batch: 10 };
      await new Retention({ ...options, days: 90 }).cleanUp();
      expect(await idsIn(database)).toEqual(kept.sort());
      const { rows } = await database.db.execute(sql`select minute from api_metrics`);
      expect(rows).toHaveLength(1);
    });
  });
});

describe('the prediction log without its database', () => {
  let dataDir: string;
  let server: Database;
  let database: Database;
  const start = () =>
    openDatabase({ dataDir, log: SILENT_LOG, launch: { durable: false }, poolSize: 1 });
  beforeAll(async () => {
    dataDir = await mkdtemp(path.join(tmpdir(), 'clinserve-log-'));
    server = await start();
    const host = encodeURIComponent(String(server.connection.host));
    const url = `postgresql://postgres@/postgres?host=${host}`;
    database = await openDatabase({ url, dataDir: '', log: SILENT_LOG, poolSize: 4 });
  });
  afterAll(async () => {
    await database.close();
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('loses none while the server is stopped for three seconds, and beyond its bound counts what it lost', async () => {
    const log = logOn(database);
    const small = logOn(database, { capacity: { rows: 200 }, storeText: true });
    for (const each of [log, small]) each.open();
    const sent: string[] = [];
    const traffic = { over: false, slowest: 0 };
    const coming = (async () => {
      while (!traffic.over) {
        const event = prediction();
        sent.push(event.predictionId);
        const before = performance.now();
        log.onPrediction(event);
        small.onPrediction(prediction({ model: 'bounded' }));
        traffic.slowest = Math.max(traffic.slowest, performance.now() - before);
        await sleep(2);
      }
    })();
    await sleep(700);
    await server.close();
    await sleep(3_000);
    expect(log.status()).toMatchObject({ dropped: 0, failing: true });
    server = await start();
    await sleep(500);
    traffic.over = true;
    await coming;
    await Promise.all([log.close(), small.close()]);

    expect(log.status()).toMatchObject({ dropped: 0, buffered: 0, failing: false });
    const rows = await database.db
      .select({ id: predictionLog.id, model: predictionLog.model })
      .from(predictionLog);
    const ofModel = (model: string) =>
      rows.flatMap((row) => (row.model === model ? [row.id] : [])).sort();
    expect(ofModel('assertion')).toEqual(sent.sort());
    const { dropped } = small.status();
    expect(dropped).toBeGreaterThan(100);
    expect(ofModel('bounded')).toHaveLength(sent.length - dropped);
    expect(traffic.slowest).toBeLessThan(50);
  });
});
