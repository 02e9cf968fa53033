import { jobInputOf } from './raw-input.js';

describe('jobInputOf', () => {
  it('takes what the model routes take', () => {
    expect(jobInputOf('no fever')).toEqual({ text: 'no fever' });
    expect(jobInputOf({ sentence: 'no fever' })).toEqual({ text: 'no fever' });
    expect(jobInputOf({ text: 'no fever', entity: 'fever', id: 7 })).toEqual({
      text: 'no fever',
      entity: 'fever',
    });
    const entity = { start: 3, end: 8 };
    expect(jobInputOf({ text: 'no fever', entity })).toEqual({ text: 'no fever', entity });
    expect(jobInputOf({ text: 'no fever', entity: null })).toEqual({ text: 'no fever' });
  });

  it.each([
    [null, 'text'],
    [7, 'text'],
    [['no fever'], 'text'],
    [{}, 'text'],
    [{ text: 7 }, 'text'],
    [{ text: 'a', sentence: 'a' }, 'text'],
    [{ text: 'a', entity: 7 }, 'entity'],
    [{ text: 'a', entity: { start: 0.5, end: 1 } }, 'entity'],
  ])('refuses %j, naming the field and not what stands in it', (raw, field) => {
    expect(() => jobInputOf(raw)).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        fields: [expect.objectContaining({ field })],
      }) as Error,
    );
  });
});
