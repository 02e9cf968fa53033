import { existsSync, readFileSync } from 'node:fs';
import { shuffled } from './shuffle.js';
import { quantile } from './stats.js';

/** Enough that no figure hangs on a few texts, few enough to tokenise at once. */
const SENTENCES = 2000;
const MIN_WORDS = 3;
/** Longer ones are run-on dictation, where a sentence has no end to find. */
const MAX_CHARACTERS = 600;

export interface Corpus {
  readonly source: string;
  readonly sentences: readonly string[];
}

/** Sentences of mixed lengths in a fixed random order, the same on every run. */
export function readCorpus(root: URL, textsFile: string | undefined): Corpus {
  const notes = textsFile ?? new URL('../shared/data/mtsamples/notes.jsonl', root);
  if (textsFile !== undefined || existsSync(notes)) {
    const texts = readFileSync(notes, 'utf8').split('\n').filter(Boolean).map(textOf);
    return sample(textsFile ?? 'mtsamples', texts.flatMap(splitSentences));
  }
  const bundled = readFileSync(new URL('tools/bench/sample.txt', root), 'utf8');
  return sample('bundled sample', bundled.split('\n').filter(Boolean));
}

function textOf(line: string): string {
  const { text } = JSON.parse(line) as { text?: unknown };
  if (typeof text !== 'string') throw new Error('each line of the texts must have a "text"');
  return text;
}

/** Notes have a comma where a line broke: after a heading's colon, a full stop or before two spaces. */
export function splitSentences(note: string): string[] {
  return note
    .split(/(?<=[.!?]),?\s+|(?<=[.!?]),|:\s*,\s*|,\s{2,}/)
    .map((part) => part.replaceAll(/\s+/g, ' ').trim())
    .filter((part) => part.split(' ').length >= MIN_WORDS && part.length <= MAX_CHARACTERS);
}

function sample(source: string, sentences: readonly string[]): Corpus {
  const distinct = [...new Set(sentences)];
  if (distinct.length < 100) {
    throw new Error(`${source} holds ${distinct.length} sentences; 100 are needed`);
  }
  return { source, sentences: shuffled(distinct, 1).slice(0, SENTENCES) };
}

/** For example `words: mean 13.2, p10 4, p50 11, p90 25, max 93`. */
export function describeLengths(unit: string, lengths: readonly number[]): string {
  const ascending = Float64Array.from(lengths).sort();
  const mean = lengths.reduce((sum, length) => sum + length, 0) / lengths.length;
  const parts = [0.1, 0.5, 0.9, 0.99].map((q) => `p${q * 100} ${quantile(ascending, q)}`);
  return `${unit}: mean ${mean.toFixed(1)}, ${parts.join(', ')}, max ${quantile(ascending, 1)}`;
}
