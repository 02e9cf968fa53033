import { laneCount } from './lane-count.js';

const GIB = 1024 ** 3;
const HOST = { cores: 8, cpuQuota: null, memoryBytes: 64 * GIB };

describe('laneCount', () => {
  it('is one a core', () => expect(laneCount(HOST, { modelBytes: [GIB / 4] })).toBe(8));

  it('keeps to the quota of a container, counting whole cores', () => {
    expect(laneCount({ ...HOST, cpuQuota: 2.5 }, { modelBytes: [] })).toBe(2);
  });

  it('opens no more lanes than memory holds the models for', () => {
    const lanes = laneCount({ ...HOST, memoryBytes: 4 * GIB }, { modelBytes: [GIB / 2] });
    expect(lanes).toBeGreaterThan(1);
    expect(lanes).toBeLessThan(4);
  });

  it('is one when even one is too many', () => {
    expect(laneCount({ cores: 1, cpuQuota: 0.2, memoryBytes: 1 }, { modelBytes: [GIB] })).toBe(1);
  });

  it("is the operator's choice where there is one", () => {
    expect(laneCount(HOST, { modelBytes: [], override: 3 })).toBe(3);
  });
});
