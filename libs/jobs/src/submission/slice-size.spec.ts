import { sliceItems } from './slice-size.js';

describe('sliceItems', () => {
  it('is about five seconds of work, within bounds', () => {
    expect(sliceItems(200)).toBe(1_000);
    expect(sliceItems(0.5)).toBe(50);
    expect(sliceItems(100_000)).toBe(5_000);
  });
});
