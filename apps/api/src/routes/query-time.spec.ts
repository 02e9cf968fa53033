import { toTime } from './query-time.js';

describe('times in queries', () => {
  it.each([
    ['2026-01-31', '2026-01-31T00:00:00.000Z'],
    ['2026-01-31T10:00:00Z', '2026-01-31T10:00:00.000Z'],
    ['2026-01-31T10:00:00.5+02:00', '2026-01-31T08:00:00.500Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59Z', '9999-12-31T23:59:59.000Z'],
  ])('are read: %s', (given, at) => {
    expect(toTime(given, 'from')?.toISOString()).toBe(at);
  });

  it.each([
    ...['monday', '2026-01-31T10:00:00', '2026-13-01T00:00:00Z', 7, ['2026-01-31', '2026-02-01']],
    // Of years that the database does not have.
    ...['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'],
  ])('are refused, naming the parameter: %s', (given) => {
    expect(() => toTime(given, 'to')).toThrow(/^to must be a time/);
  });
});
