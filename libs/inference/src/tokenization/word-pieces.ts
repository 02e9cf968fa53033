import type { PieceTrie } from './piece-trie.js';
import type { Normalizer } from './wordpiece-files.js';

/** The pieces of one word; offsets count UTF-16 code units from the word's start. */
export interface WordPieces {
  readonly ids: readonly number[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

export interface WordPieceRules {
  readonly normalizer: Normalizer;
  /** Matches runs of characters that normalisation drops. */
  readonly dropped: RegExp | undefined;
  readonly trie: PieceTrie;
  readonly unknownId: number;
  /** A word of more characters, normalised, is unknown as a whole. */
  readonly maxWordCharacters: number;
}

const PRINTABLE_ASCII = /^[!-~]*$/;
const CACHED_WORDS = 16_384;
const LONGEST_CACHED_WORD = 48;
// V8 copies slices up to this length; longer ones keep the text they were cut from alive.
const LONGEST_COPIED_SLICE = 12;

/** Cuts words into pieces and remembers the answers, as words of one field come again and again. */
export class WordPieceCache {
  // Two generations: the older is thrown away whole, words in use having moved to the younger.
  #young = new Map<string, WordPieces>();
  #old = new Map<string, WordPieces>();

  constructor(private readonly rules: WordPieceRules) {}

  /** The pieces of a word as the text split found it; none when normalisation leaves nothing. */
  pieces(word: string): WordPieces {
    if (word.length > LONGEST_CACHED_WORD) return splitWord(word, this.rules);
    const young = this.#young.get(word);
    if (young !== undefined) return young;
    const pieces = this.#old.get(word) ?? splitWord(word, this.rules);
    this.#remember(word, pieces);
    return pieces;
  }

  #remember(word: string, pieces: WordPieces): void {
    if (this.#young.size >= CACHED_WORDS) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    const key = word.length > LONGEST_COPIED_SLICE ? word.split('').join('') : word;
    this.#young.set(key, pieces);
  }
}

function splitWord(word: string, rules: WordPieceRules): WordPieces {
  // Kept characters never become fewer by normalisation, and one fills two code units at most.
  const longestKnown = 2 * rules.maxWordCharacters;
  let kept = word;
  if (word.length > longestKnown && rules.dropped !== undefined) {
    kept = word.replace(rules.dropped, '');
  }
  if (kept.length > longestKnown) return whole(word, [rules.unknownId]);

  const normalized = rules.normalizer(kept).trim();
  if (normalized === '') return { ids: [], starts: [], ends: [] };
  const split =
    Array.from(normalized).length > rules.maxWordCharacters
      ? undefined
      : rules.trie.split(normalized);
  if (split === undefined) return whole(word, [rules.unknownId]);
  if (split.ids.length === 1 || kept !== word) return whole(word, split.ids);

  const origin = alignment(word, normalized, rules.normalizer);
  if (origin === undefined) return whole(word, split.ids);
  return {
    ids: split.ids,
    starts: split.ids.map((_, i) => origin.starts[split.ends[i - 1] ?? 0] ?? 0),
    ends: split.ends.map((end) => origin.ends[end - 1] ?? word.length),
  };
}

function whole(word: string, ids: readonly number[]): WordPieces {
  return { ids, starts: ids.map(() => 0), ends: ids.map(() => word.length) };
}

/**
 * For each code unit of the normalised word, the range of the character it comes from;
 * what was dropped belongs to the character before it. Undefined when the word did not
 * normalise character by character.
 */
function alignment(
  word: string,
  normalized: string,
  normalizer: Normalizer,
): { starts: number[]; ends: number[] } | undefined {
  const starts: number[] = [];
  const ends: number[] = [];
  if (normalized.length === word.length && PRINTABLE_ASCII.test(word)) {
    for (let i = 0; i < word.length; i++) {
      starts.push(i);
      ends.push(i + 1);
    }
    return { starts, ends };
  }
  let joined = '';
  let at = 0;
  for (const character of word) {
    const part = normalizer(character).trim();
    const end = at + character.length;
    if (part === '') {
      const last = starts.at(-1);
      for (let i = ends.length - 1; i >= 0 && starts[i] === last; i--) ends[i] = end;
    }
    for (let i = 0; i < part.length; i++) {
      starts.push(at);
      ends.push(end);
    }
    joined += part;
    at = end;
  }
  return joined === normalized ? { starts, ends } : undefined;
}
