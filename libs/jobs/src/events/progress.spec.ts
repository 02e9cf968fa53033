import { progressOf } from './progress.js';

const at = (seconds: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, seconds));
const job = { total: 1_000, failed: 3 };

describe('progressOf', () => {
  it('reckons rate and time left from an earlier point', () => {
    const progress = progressOf({ at: at(30), current: 700 }, job, { at: at(10), current: 100 });
    expect(progress).toEqual({
      current: 700,
      total: 1_000,
      failed: 3,
      percent: 70,
      itemsPerSecond: 30,
      etaSeconds: 10,
    });
  });

  it('tells no rate before it can be known, and no end while nothing moves', () => {
    const now = { at: at(10), current: 100 };
    expect(progressOf(now, job, null)).toMatchObject({ itemsPerSecond: null, etaSeconds: null });
    const justNow = { at: new Date(at(10).getTime() - 300), current: 90 };
    expect(progressOf(now, job, justNow)).toMatchObject({ itemsPerSecond: null });
    expect(progressOf(now, job, { at: at(5), current: 100 })).toMatchObject({
      itemsPerSecond: 0,
      etaSeconds: null,
    });
  });

  it('says 100 % only of what is done, and never more', () => {
    expect(
      progressOf({ at: at(1), current: 9_999 }, { total: 10_000, failed: 0 }, null).percent,
    ).toBe(99.9);
    expect(progressOf({ at: at(1), current: 1_200 }, job, null)).toMatchObject({
      current: 1_000,
      percent: 100,
    });
    expect(progressOf({ at: at(1), current: 0 }, { total: 0, failed: 0 }, null).percent).toBe(100);
  });
});
