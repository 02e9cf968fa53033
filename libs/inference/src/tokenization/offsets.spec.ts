import { lengthIn, spanFromCaller, spansForCaller } from './offsets.js';
import { ALPHABETS, randomText, seeded } from './testing/random-text.js';

describe('offsets', () => {
  const text = 'a😀b \ud800 c患';

  it('translate code points to string indices and back, for every span of any text', () => {
    const random = seeded(1);
    for (let round = 0; round < 300; round++) {
      const alphabet = Object.values(ALPHABETS)[round % Object.keys(ALPHABETS).length] ?? [];
      const text = randomText(random, alphabet, 8).slice(0, 40);
      const characters = Array.from(text);
      expect(lengthIn(text, 'codepoint')).toBe(characters.length);
      for (let start = 0; start < characters.length; start += 3) {
        for (let end = start + 1; end <= characters.length; end += 2) {
          const span = spanFromCaller(text, { start, end }, 'codepoint', 'entity');
          expect(text.slice(span.start, span.end)).toBe(characters.slice(start, end).join(''));
          expect(spansForCaller(text, [span], 'codepoint')).toEqual([{ start, end }]);
        }
      }
    }
  });

  it('translate many spans in one pass', () => {
    const long = '😀a '.repeat(100_000);
    const spans = Array.from({ length: 100_000 }, (_, i) => ({ start: 4 * i, end: 4 * i + 3 }));
    const started = performance.now();
    const converted = spansForCaller(long, spans, 'codepoint');
    expect(converted.at(-1)).toEqual({ start: 299_997, end: 299_999 });
    expect(performance.now() - started).toBeLessThan(1000);
    expect(spansForCaller(long, spans, 'utf16')).toEqual(spans);
  });

  it.each([
    [{ start: -1, end: 2 }, 'codepoint', 'entity.start', 'out_of_range'],
    [{ start: 0.5, end: 2 }, 'codepoint', 'entity.start', 'integer'],
    [{ start: 0, end: NaN }, 'codepoint', 'entity.end', 'integer'],
    [{ start: 2, end: 2 }, 'codepoint', 'entity.end', 'out_of_range'],
    [{ start: 0, end: 9 }, 'codepoint', 'entity.end', 'out_of_range'],
    [{ start: 0, end: 10 }, 'utf16', 'entity.end', 'out_of_range'],
    [{ start: 2, end: 4 }, 'utf16', 'entity.start', 'splits_character'],
    [{ start: 0, end: 2 }, 'utf16', 'entity.end', 'splits_character'],
  ] as const)('refuse %j in %s, naming %s', (span, unit, field, code) => {
    expect(() => spanFromCaller(text, span, unit, 'entity')).toThrow(
      expect.objectContaining({
        code: 'VALIDATION_ERROR',
        fields: [expect.objectContaining({ field, code })],
      }) as Error,
    );
  });

  it('accept the whole text, to its last unit', () => {
    expect(spanFromCaller(text, { start: 0, end: 8 }, 'codepoint', 'entity')).toEqual({
      start: 0,
      end: 9,
    });
    expect(spanFromCaller(text, { start: 1, end: 9 }, 'utf16', 'entity')).toEqual({
      start: 1,
      end: 9,
    });
  });
});
