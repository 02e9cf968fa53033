import type { ModelManifest } from '@app/model-registry';
import { planLanes, type LaneDemand } from './lane-plan.js';

const GIB = 1024 ** 3;
const HOST = { cores: 8, cpuQuota: null, memoryBytes: 64 * GIB };

function demand(bytes: number, more: Partial<LaneDemand> = {}): LaneDemand {
  return { lanes: null, threads: 1, manifests: [manifest(bytes)], providers: ['cpu'], ...more };
}

function manifest(bytes: number, providers: ModelManifest['providers'] = ['cpu']): ModelManifest {
  const files = [{ path: 'model.onnx', sha256: '', bytes }];
  return { model: 'model.onnx', files, providers } as unknown as ModelManifest;
}

describe('planLanes', () => {
  it('gives one lane a core', () =>
    expect(planLanes(HOST, demand(GIB / 4))).toMatchObject({ lanes: 8, because: 'cores' }));

  it('keeps to the quota of a container, counting whole cores', () => {
    expect(planLanes({ ...HOST, cpuQuota: 2.5 }, demand(1)).lanes).toBe(2);
  });

  it('opens no more lanes than memory holds the models for', () => {
    const { lanes, because } = planLanes({ ...HOST, memoryBytes: 4 * GIB }, demand(GIB / 2));
    expect(because).toBe('memory');
    expect(lanes).toBeGreaterThan(1);
    expect(lanes).toBeLessThan(4);
  });

  it('gives one when even one is too many', () => {
    expect(planLanes({ cores: 1, cpuQuota: 0.2, memoryBytes: 1 }, demand(GIB)).lanes).toBe(1);
  });

  it("takes the operator's choice where there is one", () => {
    expect(planLanes(HOST, demand(1, { lanes: 3, threads: 2 }))).toMatchObject({
      lanes: 3,
      because: 'operator',
    });
    expect(planLanes(HOST, demand(1, { threads: 2 }))).toMatchObject({
      lanes: 1,
      because: 'threads',
    });
  });

  it('gives an accelerator one lane when a model would run on it, and only then', () => {
    const manifests = [manifest(1), manifest(1, ['cuda', 'webgpu', 'cpu'])];
    expect(planLanes(HOST, demand(1, { manifests, providers: ['webgpu', 'cpu'] }))).toMatchObject({
      lanes: 1,
      because: 'accelerator',
    });
    expect(planLanes(HOST, demand(1, { manifests, providers: ['cpu'] })).lanes).toBe(8);
    expect(planLanes(HOST, demand(1, { providers: ['cuda', 'cpu'] })).lanes).toBe(8);
  });
});
