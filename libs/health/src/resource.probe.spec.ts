import { tmpdir } from 'node:os';
import { byShareUsed, DiskProbe, MemoryProbe, type MemoryReadings } from './resource.probe.js';

describe('resource probes', () => {
  it('are degraded from 80 % and unhealthy from 90 % in use', () => {
    const statuses = [0.79, 0.8, 0.899, 0.9, 1].map((used) => byShareUsed(used, 2 ** 30).status);
    expect(statuses).toEqual(['healthy', 'degraded', 'degraded', 'unhealthy', 'unhealthy']);
  });

  it('tell the memory of a container by its own limit, of a machine by what is free', () => {
    const GIB = 2 ** 30;
    const readings: MemoryReadings = {
      machine: () => 64 * GIB,
      machineFree: () => 32 * GIB,
      limit: () => 2 * GIB,
      inUse: () => 1.9 * GIB,
    };
    const message = (change: Partial<MemoryReadings>) =>
      new MemoryProbe({ ...readings, ...change }).check().message;
    expect(message({})).toBe('95 % of 2.0 GiB in use');
    // Swap can make it more.
    expect(message({ inUse: () => 3 * GIB })).toBe('100 % of 2.0 GiB in use');
    for (const limit of [0, 64 * GIB, 2 ** 63]) {
      expect(message({ limit: () => limit })).toBe('50 % of 64.0 GiB in use');
    }
  });

  it('read the real machine', async () => {
    const results = [new MemoryProbe().check(), await new DiskProbe(tmpdir()).check()];
    for (const { message } of results) {
      const [, percent, size] = /^(\d+) % of ([\d.]+) GiB in use$/.exec(message) ?? [];
      expect(Number(percent)).toBeLessThanOrEqual(100);
      expect(Number(size)).toBeGreaterThan(0);
    }
  });
});
