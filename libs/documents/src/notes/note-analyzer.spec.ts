import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RequestContext } from '@app/common';
import {
  InferenceEngine,
  InferenceModule,
  InferenceService,
  ModelPool,
  Scheduler,
} from '@app/inference';
import { FakeRuntime, writeServedModel, type FakeRuntimeOptions } from '@app/inference/testing';
import { ModelRegistry, ModelRegistryModule, type CatalogEntry } from '@app/model-registry';
import { NestFactory } from '@nestjs/core';
import { DocumentsModule } from '../documents.module.js';
import { MAX_NOTE_LENGTH, NoteAnalyzer } from './note-analyzer.js';

const NOTE = [
  'Café 😀 visit',
  'CHIEF COMPLAINT: Chest pain and fever.',
  'HISTORY: She was seen by Dr. Lee on 3/4. No cough today,',
  'but [entity] fever [entity] and nausea at night.',
  '',
  'PLAN:,1. Aspirin 81 mg q.d.,2. CXR to rule out pneumonia.',
].join('\n');

let root: string;
let asserter: CatalogEntry;
let tagger: CatalogEntry;
beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'clinserve-notes-'));
  asserter = await writeServedModel(root);
  tagger = await writeServedModel(root, {
    name: 'clinical-ner',
    task: 'token-classification',
    labels: ['O', 'B-PROBLEM', 'B-TEST'],
    maxTokens: 48,
    entityMarker: undefined,
  });
});
afterAll(() => rmSync(root, { recursive: true }));

const closing: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

async function setup(
  entries = [asserter, tagger],
  options: Partial<FakeRuntimeOptions> = {},
  serve: readonly string[] = [],
) {
  const runtime = new FakeRuntime({ lanes: 2, ...options });
  const inference = InferenceModule.forRoot({
    runtime,
    maxSequenceLength: 512,
    predictionObservers: [],
    onObserverError: () => undefined,
    schedulerObserver: {},
  });
  const registry = ModelRegistryModule.forRoot(new ModelRegistry(entries, serve));
  const app = await NestFactory.createApplicationContext(
    { module: class TestModule {}, imports: [registry, inference, DocumentsModule] },
    { logger: false },
  );
  await app.get(InferenceEngine).start();
  runtime.batches.length = 0;
  closing.push(() => app.get(InferenceEngine).close(100));
  const inferenceService = app.get(InferenceService);
  return {
    analyzer: app.get(NoteAnalyzer),
    inference: inferenceService,
    pool: app.get(ModelPool),
    scheduler: app.get(Scheduler),
    runtime,
  };
}

const context = (overrides: Partial<RequestContext> = {}): RequestContext => ({
  tenantId: 'default',
  principalId: 'anonymous',
  tier: 'enterprise',
  permissions: new Set(),
  requestId: 'req-a-b',
  priority: 'interactive',
  deadline: performance.now() + 5_000,
  signal: new AbortController().signal,
  ...overrides,
});
const codePoints = (text: string, start: number, end: number): string =>
  Array.from(text).slice(start, end).join('');

describe('NoteAnalyzer', () => {
  it('gives offsets in the whole note, by code points or by UTF-16', async () => {
    const { analyzer } = await setup();
    const analysis = await analyzer.analyze({ text: NOTE }, context());
    const utf16 = await analyzer.analyze({ text: NOTE, offsetUnit: 'utf16' }, context());
    expect(analysis.entities.length).toBeGreaterThan(3);
    for (const [i, entity] of analysis.entities.entries()) {
      expect(codePoints(NOTE, entity.start, entity.end)).toBe(entity.text);
      const other = utf16.entities[i]!;
      expect(NOTE.slice(other.start, other.end)).toBe(entity.text);
      const home = analysis.sentences[entity.sentence]!;
      expect(entity.start).toBeGreaterThanOrEqual(home.start);
      expect(entity.end).toBeLessThanOrEqual(home.end);
    }
    expect(analysis.sections.map(({ title }) => title)).toEqual([
      null,
      'CHIEF COMPLAINT',
      'HISTORY',
      'PLAN',
    ]);
    expect(codePoints(NOTE, analysis.sections.at(-1)!.start, analysis.sections.at(-1)!.end)).toBe(
      'PLAN:,1. Aspirin 81 mg q.d.,2. CXR to rule out pneumonia.',
    );
  });

  it('finds and asserts in a sentence what the models say of that sentence alone', async () => {
    const { analyzer, inference } = await setup();
    const text = 'No cough today. Chest pain and fever, nausea at night.';
    const { entities, sentences } = await analyzer.analyze({ text }, context());
    const alone = await Promise.all(
      sentences.map(({ start, end }) =>
        inference.predict(
          {
            model: { name: 'clinical-ner' },
            inputs: [{ text: text.slice(start, end) }],
            options: {},
          },
          context(),
        ),
      ),
    );
    const spans = alone.flatMap(({ items }, i) => {
      const { prediction } = items[0]!;
      return 'spans' in prediction
        ? prediction.spans.map((span) => ({ type: span.label, text: span.text, sentence: i }))
        : [];
    });
    expect(
      entities.map(({ type, text: words, sentence }) => ({ type, text: words, sentence })),
    ).toEqual(spans);
    expect(new Set(entities.map(({ type }) => type))).toEqual(new Set(['PROBLEM', 'TEST']));
    for (const { type, assertion, sentence, start, end } of entities) {
      if (type === 'TEST') {
        expect(assertion).toBeNull();
        continue;
      }
      const { start: from, end: to } = sentences[sentence]!;
      const single = await inference.predict(
        {
          model: { task: 'assertion' },
          inputs: [
            { text: text.slice(from, to), entity: { start: start - from, end: end - from } },
          ],
          options: {},
        },
        context(),
      );
      expect(single.items[0]!.prediction).toMatchObject({
        label: assertion!.label,
        score: assertion!.score,
      });
    }
  });

  it('asserts the types it is asked to, and knows which there are', async () => {
    const { analyzer } = await setup();
    const { entities } = await analyzer.analyze(
      { text: NOTE, assertionTypes: ['TEST'] },
      context(),
    );
    for (const { type, assertion } of entities) expect(assertion !== null).toBe(type === 'TEST');
    const none = await analyzer.analyze({ text: NOTE, assertionTypes: [] }, context());
    expect(none.entities.filter(({ assertion }) => assertion !== null)).toEqual([]);
    await expect(
      analyzer.analyze({ text: NOTE, assertionTypes: ['TEST', 'DRUG'] }, context()),
    ).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('PROBLEM, TEST'),
      fields: [{ field: 'assertion_types[1]' }],
    });
  });

  it('runs a note of many sentences in full batches, entities first', async () => {
    const { analyzer, runtime } = await setup();
    const text = Array.from({ length: 150 }, (_, i) => `Day ${i}: chest pain and no fever.`).join(
      ' ',
    );
    const { sentences, predictions } = await analyzer.analyze({ text }, context());
    expect(sentences).toHaveLength(150);
    const keys = runtime.batches.map(({ key }) => key);
    const firstAssertion = keys.indexOf('tiny-assertion@1.0.0');
    expect(keys.slice(0, firstAssertion)).not.toContain('tiny-assertion@1.0.0');
    expect(keys.slice(firstAssertion)).not.toContain('clinical-ner@1.0.0');
    expect(firstAssertion).toBeLessThan(50);
    expect(predictions.length).toBeGreaterThan(150);
  });

  it('reads a sentence beyond the models’ limit in parts, and says so', async () => {
    const { analyzer } = await setup();
    const long = `She reports ${'chest pain, fever and cough, '.repeat(40)}no nausea`;
    const text = `No fever. ${long}. ${'x'.repeat(5_000)} 😀${'y😀'.repeat(1_500)}.`;
    const { sentences, entities, warnings } = await analyzer.analyze({ text }, context());
    expect(warnings).toEqual([
      '2 sentences were longer than the models read at once; each was read in parts.',
    ]);
    const parts = sentences.map(({ start, end }) => codePoints(text, start, end));
    expect(parts.join('').replace(/\s/g, '')).toBe(text.replace(/\s/g, ''));
    expect(parts.filter((part) => /, *$/.test(part)).length).toBeGreaterThan(3);
    expect(parts.join('')).not.toMatch(/[\ud800-\udbff](?![\udc00-\udfff])/);
    expect(entities.some(({ start }) => start > 600)).toBe(true);
  });

  it('says when the text is not of the kind the models read', async () => {
    const { analyzer } = await setup();
    const { warnings } = await analyzer.analyze(
      { text: '患者は胸痛を訴えている。熱はない。' },
      context(),
    );
    expect(warnings).toEqual([expect.stringContaining('not in Latin letters')]);
    const latin = await analyzer.analyze({ text: 'Température élevée, toux.' }, context());
    expect(latin.warnings).toEqual([]);
  });

  it('refuses what is no note, and one that is too long', async () => {
    const { analyzer, runtime } = await setup();
    for (const text of ['', ' \n', '---\u200b!']) {
      await expect(analyzer.analyze({ text }, context())).rejects.toMatchObject({
        code: 'VALIDATION_ERROR',
        fields: [{ field: 'text', code: 'blank' }],
      });
    }
    const secret = `Roe ${'😀'.repeat(MAX_NOTE_LENGTH)}`;
    await expect(analyzer.analyze({ text: secret }, context())).rejects.toMatchObject({
      code: 'TEXT_TOO_LONG',
      message: expect.stringMatching(/^text is longer than 200000 characters[^R]*$/),
    });
    expect(runtime.batches).toEqual([]);
  });

  it('leaves room for others while it reads a note of hundreds of sentences', async () => {
    const { analyzer, inference } = await setup(undefined, { runMs: () => 2 });
    const whole = analyzer.analyze({ text: 'No fever. '.repeat(2_000) }, context());
    await new Promise((resolve) => setTimeout(resolve, 200));
    const request = { model: { task: 'assertion' as const }, inputs: [{ text: 'No cough.' }] };
    const other = await inference.predict({ ...request, options: {} }, context());
    expect(other.items[0]!.result.queueMs).toBeLessThan(100);
    expect((await whole).sentences).toHaveLength(2_000);
  });

  it('takes the longest note there may be', async () => {
    const { analyzer } = await setup();
    const sentence = 'No fever, but she reports a cough. ';
    const text = sentence.repeat(Math.floor(MAX_NOTE_LENGTH / sentence.length));
    const { sentences } = await analyzer.analyze(
      { text },
      context({ deadline: performance.now() + 60_000 }),
    );
    expect(sentences).toHaveLength(Math.floor(MAX_NOTE_LENGTH / sentence.length));
  }, 60_000);

  it('is not ready without its models, and says which one is missing', async () => {
    const { analyzer } = await setup([asserter]);
    await expect(analyzer.analyze({ text: NOTE }, context())).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
      message: expect.stringContaining('clinical-ner'),
      retryAfterSeconds: expect.any(Number),
    });
    const { analyzer: other } = await setup([tagger]);
    await expect(other.analyze({ text: NOTE }, context())).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
      message: expect.stringContaining('assertion'),
    });
    const { analyzer: third, pool } = await setup();
    await pool.unload('clinical-ner@1.0.0');
    await expect(third.analyze({ text: NOTE }, context())).rejects.toMatchObject({
      code: 'MODEL_NOT_READY',
    });
  });

  it('keeps to the deadline of its caller and stops when they leave', async () => {
    const { analyzer, scheduler } = await setup(undefined, { runMs: () => 50 });
    const text = 'No fever. '.repeat(300);
    const late = analyzer.analyze({ text }, context({ deadline: performance.now() + 120 }));
    await expect(late).rejects.toMatchObject({ code: 'INFERENCE_TIMEOUT' });
    const caller = new AbortController();
    const left = analyzer.analyze({ text }, context({ signal: caller.signal }));
    setTimeout(() => caller.abort(), 60);
    await expect(left).rejects.toMatchObject({ code: 'CLIENT_CLOSED_REQUEST' });
    expect(scheduler.stats().bulk).toMatchObject({ items: 0, atGate: 0 });
  });
});
