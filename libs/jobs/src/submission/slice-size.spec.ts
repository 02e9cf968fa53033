import { sliceItems } from './slice-size.js';

describe('sliceItems', () => {
  it('is about five seconds of work, within bounds', () => {
    expect(sliceItems(200, 1)).toBe(1_000);
    expect(sliceItems(0.5, 1)).toBe(50);
    expect(sliceItems(100_000, 1)).toBe(20_000);
  });

  it('is a part of what all workers do together, when there are several', () => {
    expect(sliceItems(1_200, 4)).toBe(1_500);
    expect(sliceItems(200, 0)).toBe(1_000);
    expect(sliceItems(8_000, 2)).toBe(20_000);
  });
});
