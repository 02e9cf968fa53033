import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LaneRuntime } from '../../libs/inference/src/runtime/lane-runtime.js';
import { probeProviders } from '../../libs/inference/src/runtime/providers.js';
import type { ModelSpec } from '../../libs/inference/src/runtime/runtime.js';
import { LANE_ENTRY, writeRuntimeModels } from '../conformance/lane-models.js';
import { batchOf, sequence, type RuntimeModels } from '../conformance/runtime.suite.js';

describe('models in lanes', () => {
  let folder: string;
  let models: RuntimeModels;
  let runtime: LaneRuntime;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lane-models-'));
    models = await writeRuntimeModels(folder);
    await writeFile(join(folder, 'text.onnx'), 'this is not a model');
    runtime = new LaneRuntime({ entry: LANE_ENTRY });
    await runtime.start();
  });
  afterAll(async () => {
    await runtime.close();
    await rm(folder, { recursive: true });
  });

  const row = (change: Partial<ModelSpec>): ModelSpec => ({
    ...models.row.spec,
    key: 'odd@1',
    ...change,
  });

  it.each<[string, () => Partial<ModelSpec>, RegExp]>([
    [
      'a file that is no model',
      () => ({ path: join(folder, 'text.onnx') }),
      /odd@1: cpu: .*protobuf/i,
    ],
    [
      'an input the graph lacks',
      () => ({ inputs: { ...models.row.spec.inputs, mask: 'mask' } }),
      /wants an input attention_mask, which its manifest does not name/,
    ],
    ['an output the graph lacks', () => ({ output: 'scores' }), /no output scores: it has logits/],
    [
      'an output that is not what the task reads',
      () => ({ reduce: { kind: 'tokens' } }),
      /the shape \[1, 3\]: reading it as tokens needs \[1, 2, any\]/,
    ],
    [
      'a provider that does not exist',
      () => ({ providers: ['tpu' as 'cpu', 'cpu'] }),
      /unknown execution provider "tpu": use cuda, webgpu, cpu/,
    ],
  ])('are refused for %s, and leave the lane alive', async (_, change, reason) => {
    await expect(runtime.load(row(change()))).rejects.toThrow(reason);
    expect(runtime.stats()).toMatchObject({ models: {}, lanes: [{ restarts: 0, state: 'ready' }] });
  });

  it('are loaded once, and not over one that is open with other settings', async () => {
    await runtime.load(models.row.spec);
    await runtime.load({ ...models.row.spec });
    await expect(runtime.load({ ...models.row.spec, maxTokens: 9 })).rejects.toThrow(
      /row@1 is loaded with other settings: unload it first/,
    );
    await runtime.unload('row@1');
  });

  it('are pooled over what each of their tokens gives', async () => {
    const hidden = { ...models.cls.spec, key: 'hidden@1', reduce: { kind: 'tokens' as const } };
    const plainMean = { kind: 'mean' as const, normalize: false };
    for (const spec of [hidden, models.cls.spec, { ...models.mean.spec, reduce: plainMean }]) {
      await runtime.load(spec);
    }
    const batch = batchOf([sequence(7), sequence(3, 2)]);
    const run = async (key: string) => (await runtime.lanes[0]!.run(key, batch)).rows;
    const tokens = await run('hidden@1');
    const cls = await run('cls@1');
    const mean = await run('mean@1');

    for (const [i, row] of tokens.entries()) {
      const width = cls[i]!.length;
      expect(row).toHaveLength(width * batch.lengths[i]!);
      expect(cls[i]).toEqual(row.slice(0, width));
      mean[i]!.forEach((value, column) => {
        const values = row.filter((_, at) => at % width === column);
        const expected = values.reduce((sum, v) => sum + v, 0) / values.length;
        expect(value).toBeCloseTo(expected, 5);
      });
    }
  });

  it('run on the next provider allowed, which says why the first was not used', async () => {
    const probes = new Map(
      (await probeProviders({ entry: LANE_ENTRY })).map((p) => [p.provider, p]),
    );
    expect([...probes.keys()].sort()).toEqual(['cpu', 'cuda', 'webgpu']);
    expect(probes.get('cpu')).toMatchObject({ available: true });

    const preferred = (['cuda', 'webgpu'] as const).filter((p) => !probes.get(p)!.available);
    const loaded = await runtime.load(row({ key: 'fallback@1', providers: [...preferred, 'cpu'] }));
    expect(loaded.provider).toBe('cpu');
    expect(loaded.skipped.map(({ provider }) => provider)).toEqual(preferred);
    for (const { reason } of loaded.skipped) expect(reason).not.toBe('');
    for (const provider of preferred) {
      expect(probes.get(provider)!.reason).toContain(`${provider} needs`);
      await expect(runtime.load(row({ key: 'strict@1', providers: [provider] }))).rejects.toThrow(
        provider,
      );
    }
  });
});
