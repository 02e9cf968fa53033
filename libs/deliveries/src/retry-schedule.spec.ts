import { MOST_ATTEMPTS, retryWaitMs } from './retry-schedule.js';

const HOUR = 3_600_000;

describe('waits between attempts', () => {
  it('grow from seconds to a day, and end', () => {
    const waits = Array.from({ length: MOST_ATTEMPTS }, (_, i) => retryWaitMs(i + 1, 0.5));
    expect(waits).toEqual([
      ...[5_000, 300_000, 1_800_000],
      ...[2, 5, 10, 14, 20, 24].map((hours) => hours * HOUR),
      null,
    ]);
  });

  it('differ by a tenth to both sides', () => {
    expect([retryWaitMs(1, 0), retryWaitMs(1, 1)]).toEqual([4_500, 5_500]);
    expect([retryWaitMs(4, 0), retryWaitMs(4, 1)]).toEqual([6_480_000, 7_920_000]);
  });

  it('are as long as the receiver asks, up to a day', () => {
    expect(retryWaitMs(1, 0.5, 90_000)).toBe(90_000);
    expect(retryWaitMs(3, 0.5, 90_000)).toBe(1_800_000);
    expect(retryWaitMs(1, 0.5, 400 * HOUR)).toBe(24 * HOUR);
    expect(retryWaitMs(9, 1)).toBe(24 * HOUR);
  });
});
