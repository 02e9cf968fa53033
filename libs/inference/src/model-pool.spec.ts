import { jest } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ModelPool } from './model-pool.js';
import type { LoadedModel } from './runtime/runtime.js';
import { ManualRuntime } from './testing/manual-runtime.js';
import { writeServedModel } from './testing/served-model.js';

describe('ModelPool', () => {
  it('follows a model to the device that its lane got at a restart', async () => {
    const root = mkdtempSync(join(tmpdir(), 'clinserve-models-'));
    const entry = await writeServedModel(root);
    const runtime = new ManualRuntime(1);
    const lane = runtime.lanes[0]!;
    // Not ready, so that no warm-up has to be answered.
    lane.ready = false;
    jest.spyOn(runtime, 'load').mockResolvedValue({ provider: 'cuda', skipped: [] });
    const pool = new ModelPool(runtime, 512);
    const { key, budget } = (await pool.load(entry)).scheduled;
    expect(budget.maxBatchTokens).toBeGreaterThan(entry.manifest.batching.maxBatchTokens);

    const loaded: LoadedModel = {
      provider: 'cpu',
      skipped: [{ provider: 'cuda', reason: 'no device' }],
    };
    jest
      .spyOn(runtime, 'stats')
      .mockReturnValue({ device: 'cpu', lanes: [], models: { [key]: loaded } });
    runtime.setReady(lane, true);
    expect(pool.get(entry.manifest)).toMatchObject({
      loaded,
      scheduled: { key, budget: entry.manifest.batching },
    });
    rmSync(root, { recursive: true });
  });
});
