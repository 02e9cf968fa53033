import { defaultVocabulary } from './wordpiece-vocabulary.js';

describe.each([false, true])('the default vocabulary (cased: %s)', (cased) => {
  const vocabulary = defaultVocabulary(cased);
  const pieces = new Set(vocabulary);

  it('can spell every ASCII word, so that no such text becomes unknown', () => {
    for (let code = 33; code < 127; code++) {
      const character = String.fromCharCode(code);
      expect(pieces.has(character) && pieces.has(`##${character}`)).toBe(true);
    }
  });

  it('gives each id one piece', () => {
    expect(pieces.size).toBe(vocabulary.length);
  });
});
