import { bootstrap, groupCounts } from './bootstrap.js';

const share = ([right = 0, all = 0]: Float64Array): number[] => [right / all];
const item = (right: boolean): Float64Array => Float64Array.of(right ? 1 : 0, 1);

describe('bootstrap', () => {
  it('comes near the interval of a proportion', () => {
    const groups = Array.from({ length: 400 }, (_, i) => item(i % 5 !== 0));
    const [estimate] = bootstrap(groups, share);
    // 0.8 ± 1.96 · sqrt(0.8 · 0.2 / 400) = 0.7608 … 0.8392
    expect(estimate!.value).toBe(0.8);
    expect(Math.abs(estimate!.low - 0.7608)).toBeLessThan(0.006);
    expect(Math.abs(estimate!.high - 0.8392)).toBeLessThan(0.006);
    expect(bootstrap(groups, share)).toEqual([estimate]);
  });

  it('is wider when the items of a note are right or wrong together', () => {
    const items = Array.from({ length: 400 }, (_, i) => ({
      note: `n${Math.floor(i / 20)}`,
      right: Math.floor(i / 20) % 5 !== 0,
    }));
    const counts = ({ right }: { right: boolean }) => item(right);
    const [alone] = bootstrap(
      groupCounts(items, () => undefined, counts),
      share,
    );
    const [byNote] = bootstrap(
      groupCounts(items, ({ note }) => note, counts),
      share,
    );
    expect(byNote!.value).toBe(alone!.value);
    expect(byNote!.high - byNote!.low).toBeGreaterThan(3 * (alone!.high - alone!.low));
  });

  it('leaves out resamples in which a figure is undefined', () => {
    const [estimate] = bootstrap([Float64Array.of(1, 1), Float64Array.of(0, 0)], share);
    expect(estimate).toEqual({ value: 1, low: 1, high: 1 });
    expect(bootstrap([Float64Array.of(0, 0)], share)).toEqual([
      { value: NaN, low: NaN, high: NaN },
    ]);
  });
});

describe('groupCounts', () => {
  it('sums what shares a key and keeps what has none apart', () => {
    const keys = ['a', undefined, 'a', undefined];
    const groups = groupCounts(
      keys,
      (key) => key,
      () => Float64Array.of(1),
    );
    expect(groups.map(([count]) => count)).toEqual([2, 1, 1]);
  });
});
