import { tmpdir } from 'node:os';
import { byShareUsed, DiskProbe, MemoryProbe } from './resource.probe.js';

describe('resource probes', () => {
  it('are degraded from 80 % and unhealthy from 90 % in use', () => {
    const statuses = [0.79, 0.8, 0.899, 0.9, 1].map((used) => byShareUsed(used, 2 ** 30).status);
    expect(statuses).toEqual(['healthy', 'degraded', 'degraded', 'unhealthy', 'unhealthy']);
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
