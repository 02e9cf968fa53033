import { RunLimit } from './run-limit.js';

describe('RunLimit', () => {
  it('is generous to the first batch, and more so to a large one', () => {
    const limit = new RunLimit(2_000, 10_000);
    expect(limit.limitMs(64)).toBe(10_000);
    expect(limit.limitMs(4_096)).toBeGreaterThan(60_000);
  });

  it('allows ten times what such a batch has taken, but never less than the least', () => {
    const limit = new RunLimit(2_000, 10_000);
    for (let i = 0; i < 50; i++) limit.observe(100, 150);
    expect(limit.limitMs(1_000)).toBeCloseTo(15_000);
    expect(limit.limitMs(10)).toBe(2_000);
  });

  it('follows a lane that has become slower', () => {
    const limit = new RunLimit(0, 0);
    limit.observe(1, 1);
    for (let i = 0; i < 30; i++) limit.observe(1, 100);
    expect(limit.limitMs(1)).toBeGreaterThan(900);
  });
});
