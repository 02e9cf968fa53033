import { jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DomainError, PredictionEvent, RequestContext } from '@app/common';
import { ModelRegistry, type CatalogEntry } from '@app/model-registry';
import { Canary } from './canary.js';
import { InferenceEngine } from './engine.js';
import { InferenceService } from './inference.service.js';
import { ModelPool } from './model-pool.js';
import { PredictionObservers } from './observers.js';
import { QueueProbe } from './queue.probe.js';
import { Scheduler } from './scheduler/scheduler.js';
import { FakeRuntime, type FakeRuntimeOptions } from './testing/fake-runtime.js';
import { writeServedModel } from './testing/served-model.js';

let root: string;
let entries: CatalogEntry[];
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'clinserve-models-'));
  entries = [
    await writeServedModel(root),
    await writeServedModel(root, { version: '1.1.0' }),
    await writeServedModel(root, { version: '2.0.0', status: 'beta' }),
  ];
});
afterAll(() => rmSync(root, { recursive: true }));

async function setup(options: Partial<FakeRuntimeOptions> = {}, maxSequenceLength = 512) {
  const runtime = new FakeRuntime({ lanes: 2, ...options });
  const registry = new ModelRegistry(entries);
  const pool = new ModelPool(runtime, maxSequenceLength);
  const scheduler = new Scheduler(runtime);
  const events: PredictionEvent[] = [];
  const observers = new PredictionObservers([{ onPrediction: (event) => events.push(event) }]);
  const service = new InferenceService(registry, pool, scheduler, observers);
  const canary = new Canary(pool, scheduler, runtime, { intervalMs: 20, staleMs: 1_000 });
  const engine = new InferenceEngine(runtime, registry, pool, scheduler, canary);
  await engine.start();
  return { runtime, registry, pool, scheduler, service, canary, engine, events };
}

const context = (): RequestContext => ({
  tenantId: 'default',
  principalId: 'anonymous',
  tier: 'enterprise',
  permissions: new Set(),
  requestId: 'req-a-b',
  priority: 'interactive',
  deadline: performance.now() + 5_000,
  signal: new AbortController().signal,
});
const model = { name: 'tiny-assertion' };

describe('InferenceService', () => {
  it('gives tenants the weight that the application says they have', async () => {
    const { registry, pool, scheduler, engine } = await setup();
    const observers = new PredictionObservers([]);
    const weight = (tenantId: string, tier: string) =>
      tenantId === 'north' && tier === 'pro' ? 7 : 1;
    const service = new InferenceService(registry, pool, scheduler, observers, weight);
    const submitted = jest.spyOn(scheduler, 'submit');
    const who = { ...context(), tenantId: 'north', tier: 'pro' };
    await service.predict({ model, inputs: [{ text: 'no fever' }], options: {} }, who);
    expect(submitted.mock.lastCall?.[2]).toMatchObject({ tenantId: 'north', weight: 7 });
    await engine.close(0);
  });

  it('answers with the latest stable version, inputs in order, and tells observers afterwards', async () => {
    const { service, engine, events } = await setup();
    const texts = ['no fever', 'chest pain', 'no cough today'];
    const inputs = texts.map((text) => ({ text }));
    const answer = await service.predict({ model, inputs, options: {} }, context());
    expect(answer.model.version).toBe('1.1.0');
    for (const [i, text] of texts.entries()) {
      const alone = await service.predict({ model, inputs: [{ text }], options: {} }, context());
      expect(alone.items[0]!.prediction).toEqual(answer.items[i]!.prediction);
    }
    await new Promise((resolve) => setImmediate(resolve));
    expect(events.slice(0, 3).map((event) => event.predictionId)).toEqual(
      answer.items.map((item) => item.predictionId),
    );
    expect(JSON.stringify(events)).not.toContain('fever');
    expect(events[0]).toMatchObject({
      model: 'tiny-assertion',
      version: '1.1.0',
      tenantId: 'default',
      principalId: 'anonymous',
      requestId: 'req-a-b',
      unknownShare: 0,
    });
    expect(events[0]?.text?.()).toBe('no fever');
    await engine.close(1_000);
  });

  it('pins the version it is asked for', async () => {
    const { service, engine } = await setup();
    const request = {
      model: { ...model, version: '2.0.0' },
      inputs: [{ text: 'no fever' }],
      options: {},
    };
    expect((await service.predict(request, context())).model.version).toBe('2.0.0');
    await engine.close(1_000);
  });

  it('puts a task’s complaint in the caller’s terms', async () => {
    const { service, engine } = await setup();
    const request = {
      model,
      inputs: [{ text: 'no fever' }, { text: 'no fever', entity: 'cough' }],
      options: {},
      fieldName: (i: number, field: string) => `sentences[${i}].${field}`,
    };
    await expect(service.predict(request, context())).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
      fields: [{ field: 'sentences[1].entity' }],
    });
    await engine.close(1_000);
  });

  it('keeps to the operator’s sequence limit', async () => {
    const { service, engine } = await setup({}, 8);
    const request = {
      model,
      inputs: [{ text: 'no fever or cough or chest pain today' }],
      options: {},
    };
    await expect(service.predict(request, context())).rejects.toMatchObject({
      code: 'TEXT_TOO_LONG',
    });
    const cut = await service.predict({ ...request, options: { truncate: true } }, context());
    expect(cut.items[0]!.prediction.warnings).toHaveLength(1);
    await engine.close(1_000);
  });

  it('fails the request whose input breaks the model, and no other', async () => {
    const probe = await setup();
    const { tokenizer } = probe.pool.list()[0]!;
    const [, fever] = tokenizer.encode('fever', { maxTokens: 64, overflow: 'refuse' }).ids;
    await probe.engine.close(1_000);
    const { service, engine, events } = await setup({
      failures: [{ on: { id: fever! }, what: 'refuse' }],
    });
    const ask = (...texts: string[]) =>
      service.predict({ model, inputs: texts.map((text) => ({ text })), options: {} }, context());
    const [bad, good] = await Promise.allSettled([ask('pain', 'fever'), ask('cough')]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'INFERENCE_ERROR' } });
    expect(good.status).toBe('fulfilled');
    await new Promise((resolve) => setImmediate(resolve));
    // Nobody was given the prediction that shared the failed request.
    expect(events.map((event) => event.text?.())).toEqual(['cough']);
    await engine.close(1_000);
  });

  it('answers each item by itself when asked to, failures in their places', async () => {
    const probe = await setup();
    const { tokenizer } = probe.pool.list()[0]!;
    const [, fever] = tokenizer.encode('fever', { maxTokens: 64, overflow: 'refuse' }).ids;
    await probe.engine.close(1_000);
    const { service, engine, events } = await setup({
      failures: [{ on: { id: fever! }, what: 'refuse' }],
    });
    const inputs = ['cough', '', 'fever', 'pain'].map((text) => ({ text }));
    const request = { model, inputs, options: {} };
    const { items } = await service.predictEach(request, { ...context(), priority: 'bulk' });
    const alone = { model, inputs: [{ text: 'pain' }], options: {} };
    const [pain] = (await service.predict(alone, context())).items;
    expect(items).toMatchObject([
      { predictionId: expect.any(String) as string },
      { code: 'VALIDATION_ERROR' },
      { code: 'INFERENCE_ERROR' },
      { prediction: pain!.prediction },
    ]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(events).toHaveLength(3);
    const unknown = { ...request, model: { name: 'tiny-assertion', version: '9.0.0' } };
    await expect(service.predictEach(unknown, context())).rejects.toMatchObject({
      code: 'UNKNOWN_MODEL_VERSION',
    });
    await engine.close(1_000);
  });

  it('says that a model is not ready rather than waiting for it', async () => {
    const { service, pool, engine } = await setup();
    await pool.unload('tiny-assertion@1.1.0');
    const request = { model, inputs: [{ text: 'no fever' }], options: {} };
    await expect(service.predict(request, context())).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
      retryAfterSeconds: 2,
    } satisfies Partial<DomainError>);
    await engine.close(1_000);
  });
});

describe('Canary', () => {
  it('is healthy after the start, and keeps an idle service proven', async () => {
    const { canary, scheduler, engine } = await setup();
    expect(canary.check()).toMatchObject({ status: 'healthy' });
    const before = scheduler.stats().batches;
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(scheduler.stats().batches).toBeGreaterThan(before);
    await engine.close(1_000);
  });

  it('is unhealthy without a lane, or without a model', async () => {
    const { canary, pool, runtime, engine } = await setup();
    await runtime.close();
    expect(canary.check()).toMatchObject({ status: 'unhealthy', message: 'no lane is ready' });
    for (const key of pool.list().map((served) => served.scheduled.key)) await pool.unload(key);
    expect(canary.check()).toMatchObject({ status: 'unhealthy', message: 'no model is loaded' });
    await engine.close(10);
  });

  it('is unhealthy without a recent success, though model and lanes are there', async () => {
    const { pool, runtime, engine } = await setup();
    const unused = new Canary(pool, new Scheduler(runtime), runtime);
    expect(unused.check()).toMatchObject({
      status: 'unhealthy',
      message: expect.stringMatching(/^no inference succeeded for/) as string,
    });
    await engine.close(1_000);
  });

  it('stops the start when a model cannot answer', async () => {
    await expect(setup({ failures: [{ on: { batch: 1 }, what: 'refuse' }] })).rejects.toThrow();
  });
});

describe('QueueProbe', () => {
  it('says how much waits and who works', async () => {
    const { scheduler, runtime, engine } = await setup();
    expect(new QueueProbe(scheduler, runtime).check()).toEqual({
      status: 'healthy',
      message: '0 waiting, 0 of 2 workers active',
    });
    await engine.close(1_000);
  });
});

describe('PredictionObservers', () => {
  it('survives observers that throw, and tells the others', async () => {
    const errors: unknown[] = [];
    const told: string[] = [];
    const observers = new PredictionObservers(
      [
        {
          onPrediction: () => {
            throw new Error('observer');
          },
        },
        { onPrediction: (event) => told.push(event.predictionId) },
      ],
      (error) => errors.push(error),
    );
    observers.notify({ predictionId: 'p1' } as PredictionEvent);
    expect(told).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(told).toEqual(['p1']);
    expect(errors).toHaveLength(1);
  });

  it('drops events rather than growing without bound', () => {
    const observers = new PredictionObservers([]);
    for (let i = 0; i < 10_050; i++) observers.notify({} as PredictionEvent);
    expect(observers.dropped).toBe(50);
  });
});
