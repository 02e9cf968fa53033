import { arrivalOrder, lengthSorted } from './batching.js';

describe('lengthSorted', () => {
  const lengths = [9, 3, 40, 3, 12, 100, 8, 3];
  const batches = lengthSorted(lengths, 32);

  it('puts every sequence into exactly one batch', () => {
    expect(batches.flat().sort((a, b) => a - b)).toEqual(lengths.map((_, i) => i));
  });

  it('keeps the padded tokens of a batch within the budget unless one sequence alone exceeds it', () => {
    for (const batch of batches) {
      const cost = Math.max(...batch.map((i) => lengths[i]!)) * batch.length;
      expect(cost <= 32 || batch.length === 1).toBe(true);
    }
  });

  it('fills a batch as far as the budget allows', () => {
    expect(batches.map((batch) => batch.map((i) => lengths[i]))).toEqual([
      [3, 3, 3, 8],
      [9, 12],
      [40],
      [100],
    ]);
  });
});

describe('arrivalOrder', () => {
  it('takes sequences as they come and leaves the rest to the last batch', () => {
    expect(arrivalOrder(5, 2)).toEqual([[0, 1], [2, 3], [4]]);
  });
});
