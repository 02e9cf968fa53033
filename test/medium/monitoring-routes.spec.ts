import { AuditLog } from '@app/audit';
import { newId } from '@app/common';
import { OPERATOR_KEY, type Permission, type Principal } from '@app/auth';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import { ModelRegistry, ModelRegistryModule } from '@app/model-registry';
import { Monitoring } from '@app/monitoring';
import { Metrics } from '@app/observability';
import {
  keyHolders,
  startEdgeApp,
  type EdgeApp,
} from '../../apps/api/src/http/testing/edge-app.js';
import { MonitoringRoutes } from '../../apps/api/src/routes/monitoring/monitoring-routes.module.js';
import { textReads } from '../../apps/api/src/routes/monitoring/audited-text-reads.js';
import type { TextRead } from '../../apps/api/src/routes/monitoring/text-reads.js';
import { manifestOf } from '../../libs/model-registry/src/testing/manifest.js';
import { openAuditLog } from '../support/audit.js';

function holder(tenantId: string, ...permissions: Permission[]): Principal {
  return { ...OPERATOR_KEY, tenantId, principalId: tenantId, permissions: new Set(permissions) };
}

const KEYS = keyHolders({
  north: holder('north', 'ops:read', 'phi:read'),
  south: holder('south', 'ops:read'),
  operator: holder('default', 'ops:read', 'phi:read', 'limits:admin'),
  default: holder('default', 'ops:read'),
  caller: holder('north', 'predict'),
});

interface Body {
  readonly error_code?: string;
  readonly next_cursor?: string;
  readonly data?: { readonly prediction_id: string; readonly text?: string | null }[];
  readonly requests?: { readonly requests: number; readonly refused: number; p95_ms: number };
  readonly routes?: { readonly route: string }[];
  readonly minutes?: object[];
}

describe('the monitoring routes', () => {
  let fresh: FreshDatabase;
  let monitoring: Monitoring;
  let edge: EdgeApp;
  let auditLog: AuditLog;
  let closeAuditLog: () => Promise<void>;
  const reads: TextRead[] = [];
  const audit = { broken: false };

  beforeAll(async () => {
    fresh = await freshDatabase();
    monitoring = new Monitoring({
      database: fresh.database,
      cipher: {
        encrypt: (_, plain) => Buffer.from(plain).toString('base64'),
        decrypt: (_, envelope) => Buffer.from(envelope, 'base64').toString(),
        keyedHash: () => Buffer.from('hash'),
      },
      log: SILENT_LOG,
      metrics: new Metrics({ process: false }).predictionLog,
      storeText: true,
    });
    const entries = ['assertion', 'other'].map((name) => {
      return { manifest: manifestOf({ name }), folder: '/nowhere' };
    });
    const { database } = fresh;
    ({ audit: auditLog, close: closeAuditLog } = await openAuditLog(fresh, AuditLog));
    const recorded = textReads({ audit: auditLog, database });
    const onTextRead = (read: TextRead) => {
      if (audit.broken) return Promise.reject(new Error('the audit log takes nothing'));
      reads.push(read);
      return recorded.onTextRead(read);
    };
    edge = await startEdgeApp([], {
      imports: [
        ModelRegistryModule.forRoot(new ModelRegistry(entries)),
        MonitoringRoutes.register(monitoring, { ...recorded, onTextRead }),
      ],
      access: { requireApiKey: true, identification: KEYS },
      requests: { onFinish: (request) => monitoring.apiMetrics.observe(request) },
    });
    log('north', { text: () => 'no fever' });
    log('north', { label: 'PRESENT', score: 0.5 });
    log('north', { text: undefined });
    log('south', { text: () => 'words of the south' });
    log('default', { model: 'other' });
    await monitoring.predictionLog.flush();
  });
  afterAll(async () => {
    await edge.close();
    await monitoring.close();
    await closeAuditLog();
    await fresh.drop();
  });

  function log(tenantId: string, more: object): void {
    monitoring.predictionLog.onPrediction({
      predictionId: newId(),
      tenantId,
      principalId: 'ada',
      requestId: 'req-a-b',
      model: 'assertion',
      version: '1.0.0',
      task: 'assertion',
      label: 'ABSENT',
      score: 1,
      tokens: 12,
      unknownShare: 0.25,
      queueMs: 1.5,
      runMs: 2.5,
      batchSize: 4,
      batchTokens: 64,
      paddingWaste: 0,
      text: () => 'text',
      ...more,
    });
  }

  async function get(key: string, path: string, headers: Record<string, string> = {}) {
    const response = await fetch(edge.url + path, { headers: { 'x-api-key': key, ...headers } });
    return { status: response.status, body: (await response.json()) as Body };
  }

  it('tell a tenant of its own predictions, operators of all', async () => {
    const path = '/monitoring/models/assertion/stats?hours=1';
    expect((await get('north', path)).body).toEqual({
      total_predictions: 3,
      avg_confidence: 2.5 / 3,
      avg_processing_time_ms: 4,
      unique_labels: 2,
      by_label: { ABSENT: 2, PRESENT: 1 },
    });
    expect((await get('south', path)).body).toMatchObject({ total_predictions: 1 });
    expect((await get('operator', path)).body).toMatchObject({ total_predictions: 4 });
    expect((await get('default', path)).body).toMatchObject({ total_predictions: 0 });
    expect(await get('north', '/v1/models/assertion/metrics?hours=1')).toEqual(
      await get('north', path),
    );
  });

  it('list predictions page by page, and under the alias', async () => {
    const first = await get('north', '/monitoring/models/assertion/predictions?limit=2');
    expect(first.body).toMatchObject({ total: 3, next_cursor: expect.any(String) });
    const { next_cursor: cursor } = first.body;
    const second = await get('north', `/models/assertion/predictions?limit=2&cursor=${cursor}`);
    expect(second.body).toMatchObject({
      total: 3,
      next_cursor: null,
      data: [
        {
          prediction_id: expect.any(String),
          created_at: expect.stringMatching(/T.*Z$/),
          tenant_id: 'north',
          principal_id: 'ada',
          request_id: 'req-a-b',
          model_version: '1.0.0',
          label: 'ABSENT',
          tokens: 12,
          unknown_share: 0.25,
          processing_time_ms: 4,
          text_stored: true,
        },
      ],
    });
    expect(JSON.stringify([first, second])).not.toContain('"text"');
    const present = await get('north', '/models/assertion/predictions?label=PRESENT');
    expect(present.body).toMatchObject({ total: 1, data: [{ label: 'PRESENT', score: 0.5 }] });
  });

  it('tell trends as a bare list', async () => {
    const { body } = await get('north', '/monitoring/models/assertion/trends?days=2');
    expect(body).toEqual([
      { date: expect.any(String), count: 0, avg_processing_time_ms: null, avg_confidence: null },
      expect.objectContaining({ count: 3, avg_processing_time_ms: 4 }),
    ]);
  });

  it.each([
    ['/monitoring/models/assertion/stats?hours=0', 422, 'VALIDATION_ERROR'],
    ['/monitoring/models/assertion/trends?days=many', 422, 'VALIDATION_ERROR'],
    ['/models/assertion/predictions?limit=5000', 422, 'VALIDATION_ERROR'],
    ['/models/assertion/predictions?cursor=Zm9v', 422, 'VALIDATION_ERROR'],
    ['/models/assertion/predictions?from=monday', 422, 'VALIDATION_ERROR'],
    ['/models/unknown/predictions', 404, 'MODEL_NOT_FOUND'],
    ['/monitoring/models/unknown/stats', 404, 'MODEL_NOT_FOUND'],
    ['/monitoring/models/unknown/trends', 404, 'MODEL_NOT_FOUND'],
  ])('refuse %s', async (path, status, code) => {
    expect(await get('north', path)).toMatchObject({ status, body: { error_code: code } });
  });

  it.each([
    '/monitoring/models/assertion/stats',
    '/models/assertion/predictions',
    '/monitoring/models/assertion/trends',
    '/dev/dashboard',
    '/dev/metrics/json',
    '/admin/stats',
  ])('are closed to those who may only predict: %s', async (path) => {
    expect((await get('caller', path)).status).toBe(403);
  });

  describe('asked for texts', () => {
    const path = '/models/assertion/predictions?include_text=true';
    const why = { 'x-access-reason': 'complaint 17' };

    it('refuse who may not read patient data, or does not say why', async () => {
      const codes = [
        await get('south', path, why),
        await get('north', path),
        await get('north', path, { 'x-access-reason': '  ' }),
      ].map(({ status, body }) => [status, body.error_code]);
      expect(codes).toEqual([
        [403, 'FORBIDDEN'],
        [403, 'ACCESS_REASON_REQUIRED'],
        [403, 'ACCESS_REASON_REQUIRED'],
      ]);
      expect(reads).toEqual([]);
    });

    it('record who was refused, on which model, with the reason given', async () => {
      const { entries } = await auditLog.list({ action: 'prediction_text.read' }, 100);
      const refusal = (tenantId: string, reason: string | null) => ({
        ...{ tenantId, actorId: tenantId, reason },
        ...{ objectKind: 'model', objectId: 'assertion', result: 'refused', status: 403 },
      });
      expect(entries).toMatchObject([
        refusal('north', ''),
        refusal('north', null),
        refusal('south', 'complaint 17'),
      ]);
    });

    it('give the tenant’s own, after the reading has been recorded', async () => {
      const { body } = await get('north', path, why);
      const data = body.data!;
      expect(data.map(({ text }) => text)).toEqual([null, 'text', 'no fever']);
      expect(reads).toMatchObject([
        {
          acting: { tenantId: 'north', actor: { id: 'north' }, reason: 'complaint 17' },
          model: 'assertion',
          predictionIds: data.slice(1).map(({ prediction_id }) => prediction_id),
        },
      ]);
    });

    it('keep other tenants’ from operators', async () => {
      const { body } = await get('operator', path, why);
      expect(body.data!.map(({ text }) => text)).toEqual([null, null, null, null]);
    });

    it('give none when the reading cannot be recorded', async () => {
      audit.broken = true;
      const { status, body } = await get('north', path, why);
      expect(status).toBe(500);
      expect(JSON.stringify(body)).not.toContain('fever');
      audit.broken = false;
    });
  });

  it('show the dashboard’s data to a tenant and to operators', async () => {
    await get('south', '/models/unknown/predictions');
    await monitoring.apiMetrics.flush();
    const south = await get('south', '/dev/dashboard?days=1');
    expect(south.body).toMatchObject({
      hours: 24,
      predictions: { total_predictions: 1 },
      models: [{ model: 'assertion', model_version: '1.0.0', total_predictions: 1 }],
      trends: [{ count: 1 }],
      prediction_log: { written: 5, dropped: 0, buffered: 0, failing: false },
    });
    const ofSouth = south.body;
    expect(ofSouth.requests).toMatchObject({ failed: 0, error_rate: 0 });
    expect(ofSouth.requests!.p95_ms).toBeGreaterThan(0);
    expect(ofSouth.routes!.map(({ route }) => route)).toContain('/models/:name/predictions');
    expect(ofSouth.minutes!.length).toBeGreaterThan(0);
    const all = await get('operator', '/admin/stats');
    expect(all.body).toMatchObject({ predictions: { total_predictions: 5 } });
    expect(all.body.requests!.requests).toBeGreaterThan(ofSouth.requests!.requests);
    expect((await get('operator', '/dev/metrics/json')).body).toMatchObject({
      models: [{ model: 'assertion' }, { model: 'other' }],
    });
  });

  it('are documented, with what they take', async () => {
    const document = await (await fetch(`${edge.url}/openapi.json`)).json();
    const { paths } = document as {
      paths: Record<string, { get: { operationId: string; parameters: { name: string }[] } }>;
    };
    expect(Object.keys(paths).sort()).toEqual([
      '/admin/stats',
      '/dev/dashboard',
      '/dev/metrics/json',
      '/models/{name}/metrics',
      '/models/{name}/predictions',
      '/monitoring/models/{name}/predictions',
      '/monitoring/models/{name}/stats',
      '/monitoring/models/{name}/trends',
    ]);
    const names = paths['/models/{name}/predictions']!.get.parameters.map(({ name }) => name);
    expect(names.sort()).toEqual([
      ...['X-Access-Reason', 'cursor', 'from', 'include_text', 'label', 'limit', 'name'],
      ...['to', 'version'],
    ]);
    const ids = Object.values(paths).map((path) => path.get.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
