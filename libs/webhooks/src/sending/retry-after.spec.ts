import { retryAfterMs } from './retry-after.js';

const NOW = Date.parse('2026-11-21T12:00:00Z');

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    [' 0 ', 0],
    ['Sat, 21 Nov 2026 12:01:30 GMT', 90_000],
    ['Sat, 21 Nov 2026 11:00:00 GMT', 0],
  ])('%s is a wait of %s ms', (header, ms) => expect(retryAfterMs(header, NOW)).toBe(ms));

  it.each([undefined, '', '-5', '1.5', 'soon', '2026-11-21', ['1', '2']])('%s is none', (header) =>
    expect(retryAfterMs(header, NOW)).toBeUndefined(),
  );
});
