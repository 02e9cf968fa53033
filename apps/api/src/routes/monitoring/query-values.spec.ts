import { toCount, toPredictionsQuery } from './query-values.js';

const RULE = { name: 'hours', most: 2_160, usual: 24, description: '' };

describe('parameters of the monitoring routes', () => {
  it('are all optional', () => {
    expect(toPredictionsQuery({})).toEqual({ includeText: false });
    expect(toCount({}, RULE)).toBe(24);
  });

  it('are read as what they mean', () => {
    const query = {
      label: 'ABSENT',
      version: '1.0.0',
      from: '2026-01-31',
      to: '2026-02-01T02:00:00+01:00',
      include_text: 'true',
    };
    expect(toPredictionsQuery(query)).toEqual({
      label: 'ABSENT',
      version: '1.0.0',
      from: new Date('2026-01-31T00:00:00Z'),
      to: new Date('2026-02-01T01:00:00Z'),
      includeText: true,
    });
    expect(toCount({ hours: '2160' }, RULE)).toBe(2_160);
  });

  it.each(['0', '2161', '-1', '1.5', 'x', '', ['1', '2'], '99999999999'])(
    'refuse %j hours, naming the limit',
    (hours) => {
      expect(() => toCount({ hours }, RULE)).toThrow('a whole number from 1 to 2160');
    },
  );

  it.each([
    ['label', ''],
    ['label', 'x'.repeat(129)],
    ['label', ['A', 'B']],
    ['label', 'a\0b'],
    ['version', ''],
    ['from', 'yesterday'],
    ['from', '2026-02-31T25:00:00Z'],
    ['from', '2026-01-31T10:00:00'],
    ['to', '2026-01-31T10:00:00 01:00'],
    ['include_text', 'yes'],
  ])('refuse %s=%j, naming the field', (name, value) => {
    expect(() => toPredictionsQuery({ [name]: value })).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        fields: [expect.objectContaining({ field: name })],
      }),
    );
  });

  it('refuse a time span that ends before it begins', () => {
    const query = { from: '2026-02-01', to: '2026-01-31' };
    expect(() => toPredictionsQuery(query)).toThrow('to must be later than from');
  });
});
