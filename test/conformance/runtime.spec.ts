import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { jest } from '@jest/globals';
import type { ProviderName } from '@app/model-registry';
import { LaneRuntime } from '../../libs/inference/src/runtime/lane-runtime.js';
import { FakeRuntime } from '../../libs/inference/src/testing/fake-runtime.js';
import { LANE_ENTRY, writeRuntimeModels } from './lane-models.js';
import { describeRuntime, type RuntimeModels, type RuntimeUnderTest } from './runtime.suite.js';

const FAKE_WIDTH = 3;

// A GPU takes seconds to open a model for the first time.
jest.setTimeout(60_000);

describeRuntime('FakeRuntime', {
  tolerance: 0,
  prepare: async () => {
    const model = (name: string, reduce: RuntimeModels['row']['spec']['reduce']) => ({
      spec: {
        key: `${name}@1`,
        path: '/models/model.onnx',
        inputs: { ids: 'input_ids' },
        output: 'logits',
        reduce,
        vocabSize: 200,
        maxTokens: 512,
        providers: ['cpu' as const],
      },
      width: FAKE_WIDTH,
    });
    return {
      row: model('row', { kind: 'row' }),
      tokens: model('tokens', { kind: 'tokens' }),
      mean: model('mean', { kind: 'mean', normalize: true }),
      cls: model('cls', { kind: 'cls', normalize: false }),
    };
  },
  make: () =>
    new FakeRuntime({
      lanes: 2,
      width: FAKE_WIDTH,
      refuseModel: ({ path }) => (path.startsWith('/nowhere') ? `no file ${path}` : null),
    }),
  kill: (runtime, laneId) => (runtime as FakeRuntime).lanes[laneId]!.die(),
});

describeRuntime('LaneRuntime on the CPU', onProvider('cpu', 0));

/** Needs the device, so it is asked for by CLINSERVE_TEST_PROVIDER=cuda or webgpu. */
const device = process.env.CLINSERVE_TEST_PROVIDER;
if (device === 'cuda' || device === 'webgpu') {
  describeRuntime(`LaneRuntime on ${device}`, onProvider(device, 1e-2));
} else {
  it.skip('LaneRuntime on a GPU: set CLINSERVE_TEST_PROVIDER to cuda or webgpu', () => undefined);
}

function onProvider(provider: ProviderName, tolerance: number): RuntimeUnderTest {
  let folder: string;
  return {
    tolerance,
    prepare: async () => {
      folder = await mkdtemp(join(tmpdir(), 'runtime-models-'));
      return writeRuntimeModels(folder, [provider]);
    },
    make: () => {
      // Where the machine keeps its drivers is said in the environment.
      const environment = { ...process.env } as Record<string, string>;
      return new LaneRuntime({ lanes: 2, entry: LANE_ENTRY, environment });
    },
    kill: (runtime, laneId) => process.kill(runtime.stats().lanes[laneId]!.pid!, 'SIGKILL'),
    dispose: () => rm(folder, { recursive: true }),
  };
}
