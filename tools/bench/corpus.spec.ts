import { fileURLToPath, pathToFileURL } from 'node:url';
import { readCorpus, splitSentences } from './corpus.js';

describe('splitSentences', () => {
  it('ends a sentence at a full stop, a heading or a comma that stands for a line break', () => {
    const note =
      'SUBJECTIVE:,  This is a 23-year-old woman.  She takes Allegra, which helps.,PLAN:,1.  Stop it.,  Clear lungs were heard.';
    expect(splitSentences(note)).toEqual([
      'This is a 23-year-old woman.',
      'She takes Allegra, which helps.',
      'Clear lungs were heard.',
    ]);
  });
});

describe('the bundled sample', () => {
  it('is used when there are no notes, in the same order every time', () => {
    // A folder without ../shared beside it, whose tools/ is the project's own.
    const root = pathToFileURL(`${fileURLToPath(new URL('../../', import.meta.url))}`);
    const read = () => readCorpus(root, undefined);
    expect(read().sentences).toEqual(read().sentences);
    expect(new Set(read().sentences).size).toBe(read().sentences.length);
  });
});
