import fc from 'fast-check';
import { jsonErrorPosition } from './json-error-position.js';

function parses(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

describe('jsonErrorPosition', () => {
  it.each([
    ['', 0],
    ['{"a":1,}', 7],
    ['[1,]', 3],
    ['{"a" 1}', 5],
    ['[1 2]', 3],
    ['"abc', 4],
    ['"a\nb"', 2],
    ['"\\x"', 1],
    ['01', 1],
    ['nul', 0],
    ['{}{}', 2],
    ['[}', 1],
  ])('finds the fault of %j at %d', (text, position) => {
    expect(jsonErrorPosition(text)).toBe(position);
  });

  it('agrees with JSON.parse on what is JSON, whatever was changed in it', () => {
    const damaged = fc
      .tuple(
        fc.json(),
        fc.nat(),
        fc.constantFrom('', '"', ',', ':', '{', '}', '[', ']', '1', '-', '\\', '\n', 'e', 'null'),
      )
      .map(([json, at, insert]) => {
        const index = at % (json.length + 1);
        return json.slice(0, index) + insert + json.slice(insert === '' ? index + 1 : index);
      });
    fc.assert(
      fc.property(damaged, (text) => {
        const position = jsonErrorPosition(text);
        expect(position === -1).toBe(parses(text));
        expect(position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 2000 },
    );
  });

  it('survives a hundred thousand levels', () => {
    expect(jsonErrorPosition('['.repeat(100_000))).toBe(100_000);
  });
});
