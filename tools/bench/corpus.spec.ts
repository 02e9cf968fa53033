import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
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
  it('is used when there are no notes, in the same order every time', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'bench-corpus-'));
    const root = join(folder, 'project');
    await cp('tools/bench/sample.txt', join(root, 'tools/bench/sample.txt'));
    const read = () => readCorpus(pathToFileURL(`${root}/`), undefined);
    expect(read()).toEqual(read());
    expect(read().source).toBe('bundled sample');
    await rm(folder, { recursive: true });
  });
});
