import { medianRatio, quantiles, spread } from './stats.js';

describe('spread', () => {
  it('gives the middle of an odd number of rounds', () => {
    expect(spread([5, 1, 3])).toMatchObject({ median: 3, min: 1, max: 5 });
  });

  it('gives the mean of the two middle ones of an even number', () => {
    expect(spread([4, 1, 3, 2])).toMatchObject({ median: 2.5, min: 1, max: 4 });
  });
});

describe('quantiles', () => {
  it('never interpolates: a quantile is a value that was seen', () => {
    const values = Array.from({ length: 1000 }, (_, i) => 1000 - i);
    expect(quantiles(values)).toEqual({ count: 1000, p50: 500, p99: 990, p999: 999, max: 1000 });
  });

  it('has no value for no measurement', () => {
    expect(quantiles([]).p50).toBeNaN();
  });
});

describe('medianRatio', () => {
  it('compares round with round, so that a slow spell of the machine cancels out', () => {
    const raw = spread([100, 10, 100]);
    const served = spread([80, 8, 70]);
    expect(medianRatio(served, raw)).toBeCloseTo(0.8);
  });
});
