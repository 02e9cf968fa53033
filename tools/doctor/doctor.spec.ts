import type { HostResources, LaneDemand } from '@app/inference';
import type { ModelManifest } from '@app/model-registry';
import { checkLanes } from './check-lanes.js';
import { checkNode } from './check-machine.js';
import { checkProviders } from './check-providers.js';
import { formatFindings } from './finding.js';

const GIB = 1024 ** 3;

function manifest(bytes: number, providers: ModelManifest['providers'] = ['cpu']): ModelManifest {
  const files = [{ path: 'model.onnx', sha256: '', bytes }];
  return {
    name: 'a',
    version: '1.0.0',
    model: 'model.onnx',
    files,
    providers,
  } as unknown as ModelManifest;
}

describe('the doctor', () => {
  it.each([
    ['18.20.0', 'fail'],
    ['20.18.9', 'fail'],
    ['20.19.0', 'ok'],
    ['22.0.0', 'ok'],
    ['24.3.1', 'ok'],
  ])('finds Node %s %s', (version, state) => {
    expect(checkNode(version).state).toBe(state);
  });

  it('says what decides the number of lanes', () => {
    const host: HostResources = { cores: 8, cpuQuota: 2.5, memoryBytes: 64 * GIB };
    const demand: LaneDemand = {
      lanes: null,
      threads: 1,
      manifests: [manifest(1e6)],
      providers: ['cpu'],
    };
    expect(checkLanes(host, demand).text).toMatch(/^2, one for each core/);
    expect(checkLanes(host, { ...demand, lanes: 5 }).text).toMatch(/^5, as LANES says/);
    expect(checkLanes(host, { ...demand, threads: 4 }).text).toMatch(/^1 of 4 threads/);
    const tight = { ...host, memoryBytes: 2 * GIB };
    expect(checkLanes(tight, { ...demand, manifests: [manifest(0.5 * GIB)] })).toMatchObject({
      state: 'note',
      text: expect.stringMatching(/^1, as memory allows no more; about 912 MiB each/),
    });
  });

  it('fails for a model that no provider here can run, and for nothing else a machine lacks', () => {
    const probes = [
      { provider: 'cuda', available: false, reason: 'no driver' },
      { provider: 'cpu', available: true, reason: 'a session ran on it' },
    ] as const;
    const states = (providers: ModelManifest['providers']) =>
      checkProviders(probes, [manifest(1, providers)]).map(({ state }) => state);
    expect(states(['cuda', 'cpu'])).toEqual(['note', 'ok']);
    expect(states(['cuda'])).toEqual(['note', 'ok', 'fail']);
  });

  it('keeps texts of several lines under each other', () => {
    const text = formatFindings([
      { state: 'ok', subject: 'a', text: 'fine' },
      { state: 'fail', subject: 'longer', text: 'one\ntwo' },
    ]);
    expect(text).toBe('ok    a       fine\nfail  longer  one\n              two');
  });
});
