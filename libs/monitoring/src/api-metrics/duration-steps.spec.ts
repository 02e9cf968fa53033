import { DURATION_STEPS, quantile, stepOf } from './duration-steps.js';

function countsOf(durations: readonly number[]): number[] {
  const counts = new Array<number>(DURATION_STEPS).fill(0);
  for (const ms of durations) counts[stepOf(ms)]!++;
  return counts;
}

describe('quantiles of durations', () => {
  it('are within 19 % of the true ones', () => {
    // From 1 ms to a minute, most of them short.
    const durations = Array.from({ length: 10_000 }, (_, i) => 60_000 ** ((i / 10_000) ** 2));
    const counts = countsOf(durations);
    for (const share of [0.01, 0.2, 0.5, 0.75, 0.95, 0.99]) {
      const exact = durations[Math.ceil(share * durations.length) - 1]!;
      const estimate = quantile(counts, share, 60_000)!;
      expect(Math.max(exact / estimate, estimate / exact)).toBeLessThan(1.19);
    }
  });

  it('never exceed the longest duration, nor lose those beyond the last step', () => {
    expect(quantile(countsOf([3]), 0.95, 3)).toBe(3);
    expect(quantile(countsOf([0.2]), 0.5, 0.2)).toBe(0.2);
    expect(quantile(countsOf([1, 1, 400_000]), 0.95, 400_000)).toBe(400_000);
  });

  it('are none where there were no requests', () => {
    expect(quantile(countsOf([]), 0.5, 0)).toBeNull();
  });
});
