import fc from 'fast-check';
import { SlidingWindow } from './sliding-window.js';

const SHAPE = { lengthMs: 60_000, slices: 60 };
const START = 1_700_000_000_000;

/** Admits as the limits do: only what fits, all or nothing. */
function take(window: SlidingWindow, now: number, amount: number, limit: number): boolean {
  if (window.used(now) + amount > limit) return false;
  window.add(now, amount);
  return true;
}

describe('SlidingWindow', () => {
  it('never admits more than the limit in any window of its length, wherever it begins', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 20 }),
        fc.array(
          fc.record({
            pauseMs: fc.oneof(
              fc.integer({ min: 0, max: 40 }),
              fc.integer({ min: 0, max: 90_000 }),
              fc.constantFrom(999, 1_000, 59_999, 60_000, 60_001, 61_000),
            ),
            amount: fc.integer({ min: 1, max: 4 }),
          }),
          { maxLength: 120 },
        ),
        (limit, attempts) => {
          const window = new SlidingWindow(SHAPE);
          const admitted: { at: number; amount: number }[] = [];
          let now = START;
          for (const { pauseMs, amount } of attempts) {
            now += pauseMs;
            if (take(window, now, amount, limit)) admitted.push({ at: now, amount });
          }
          for (const { at } of admitted) {
            const within = admitted.filter((other) => other.at <= at && other.at > at - 60_000);
            const sum = within.reduce((total, { amount }) => total + amount, 0);
            expect(sum).toBeLessThanOrEqual(limit);
          }
        },
      ),
      { numRuns: 400 },
    );
  });

  it('gives back within one slice of the window, and at the moment it foretells', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 1, max: 10 }),
        fc.array(fc.integer({ min: 0, max: 15_000 }), { maxLength: 30 }),
        (offset, limit, amount, pauses) => {
          fc.pre(amount <= limit);
          const window = new SlidingWindow(SHAPE);
          let now = START + offset;
          let last = now;
          for (const pause of pauses) {
            now += pause;
            if (take(window, now, 1, limit)) last = now;
          }
          const wait = window.msUntilRoom(now, amount, limit);
          expect(now + wait).toBeLessThanOrEqual(Math.max(now, last + 61_000));
          if (wait > 0) expect(window.used(now + wait - 1) + amount).toBeGreaterThan(limit);
          expect(window.used(now + wait) + amount).toBeLessThanOrEqual(limit);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('lets a burst of the whole limit through, but not a second one across a minute’s edge', () => {
    const window = new SlidingWindow(SHAPE);
    const edge = Math.ceil(START / 60_000) * 60_000;
    const burst = (now: number) =>
      Array.from({ length: 30 }, () => take(window, now, 1, 10)).filter(Boolean).length;
    expect(burst(edge - 1)).toBe(10);
    expect(burst(edge)).toBe(0);
    expect(burst(edge + 30_000)).toBe(0);
    expect(burst(edge + 59_998)).toBe(0);
    expect(burst(edge + 61_000)).toBe(10);
  });

  it('gives nothing back when the clock is set back, and goes on when it has caught up', () => {
    const window = new SlidingWindow(SHAPE);
    expect(take(window, START, 10, 10)).toBe(true);
    expect(take(window, START - 3_600_000, 1, 10)).toBe(false);
    expect(window.used(START - 86_400_000)).toBe(10);
    expect(take(window, START + 61_000, 10, 10)).toBe(true);
  });

  it('counts what comes after the clock was set back as of the time before', () => {
    const window = new SlidingWindow(SHAPE);
    expect(take(window, START, 5, 10)).toBe(true);
    expect(take(window, START - 30_000, 5, 10)).toBe(true);
    expect(take(window, START + 45_000, 1, 10)).toBe(false);
    expect(take(window, START + 61_000, 10, 10)).toBe(true);
  });

  it('forgets everything over a long pause', () => {
    const window = new SlidingWindow(SHAPE);
    for (let s = 0; s < 60; s++) window.add(START + s * 1_000, 5);
    expect(window.used(START + 10 * 86_400_000)).toBe(0);
    expect(window.msUntilRelief(START + 10 * 86_400_000)).toBe(0);
  });

  it('tells when something leaves', () => {
    const window = new SlidingWindow(SHAPE);
    window.add(START, 1);
    window.add(START + 20_000, 1);
    expect(window.msUntilRelief(START + 20_000)).toBe(41_000);
    expect(window.msUntilRelief(START + 61_000)).toBe(20_000);
  });

  it('goes on from what was counted before, and takes the future as the present', () => {
    const window = new SlidingWindow(SHAPE);
    window.restore(START, [
      { start: START - 61_000, count: 100 },
      { start: START - 60_000, count: 1 },
      { start: START - 30_000, count: 2 },
      { start: START + 86_400_000, count: 4 },
    ]);
    expect(window.used(START)).toBe(7);
    expect(window.used(START + 1_000)).toBe(6);
    expect(window.used(START + 31_000)).toBe(4);
    expect(window.used(START + 61_000)).toBe(0);
  });
});
