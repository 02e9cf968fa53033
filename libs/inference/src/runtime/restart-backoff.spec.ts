import { RestartBackoff } from './restart-backoff.js';

describe('RestartBackoff', () => {
  it('restarts at once, then waits ever longer up to ten seconds', () => {
    const backoff = new RestartBackoff();
    const delays = Array.from({ length: 9 }, () => backoff.nextDelayMs(5_000));
    expect(delays).toEqual([0, 250, 500, 1_000, 2_000, 4_000, 8_000, 10_000, 10_000]);
  });

  it('starts over after a minute of health', () => {
    const backoff = new RestartBackoff();
    for (let i = 0; i < 5; i++) backoff.nextDelayMs(0);
    expect(backoff.nextDelayMs(60_000)).toBe(0);
  });
});
