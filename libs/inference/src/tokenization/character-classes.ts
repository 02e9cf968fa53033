import type { BertNormalization } from './wordpiece-files.js';

/** Separates words and belongs to none. */
export const SPACE = 0;
/** Part of a word. */
export const WORD = 1;
/** A word of its own: punctuation, and ideographs where the normalizer sets them apart. */
export const SINGLE = 2;
/** Inside a word, but normalisation leaves nothing of it: control characters, accents. */
export const DROPPED = 3;

// The library's pre-tokenizer counts every ASCII symbol as punctuation.
const PUNCTUATION = '\\p{P}!-/:-@\\[-`{-~';
// Canonical decomposition turns these (with their accent stripped) into ASCII punctuation.
const DECOMPOSES_TO_PUNCTUATION = '\u2260\u226e\u226f\u1fef';
// The library does not set ideographs beyond U+FFFF apart.
const IDEOGRAPHS = '\u4e00-\u9fff\u3400-\u4dbf\uf900-\ufaff';
const PAGE_BITS = 8;
const PAGE_SIZE = 1 << PAGE_BITS;

/**
 * What each character of the ORIGINAL text means for the split into words, chosen such
 * that splitting first and normalising each word gives what the library gets by
 * normalising first and splitting then. One table look-up a character, so that a text's
 * length alone can never make it expensive.
 */
export class CharacterClasses {
  /** Matches runs of characters of class DROPPED; undefined when nothing is dropped. */
  readonly dropped: RegExp | undefined;
  /** Later layers overrule earlier ones; what no layer matches is WORD. */
  readonly #layers: readonly (readonly [RegExp, number])[];
  readonly #pages: (Uint8Array | undefined)[] = [];
  readonly #latin: Uint8Array;

  constructor({ cleanText, handleChineseChars, stripAccents }: BertNormalization) {
    const single =
      PUNCTUATION +
      (stripAccents ? DECOMPOSES_TO_PUNCTUATION : '') +
      (handleChineseChars ? IDEOGRAPHS : '');
    const dropped =
      (cleanText ? '\\p{Cc}\\p{Cf}\\p{Co}\\p{Cs}\\ufffd' : '') + (stripAccents ? '\\p{Mn}' : '');
    const layers: [RegExp, number][] = [
      [runsOf(single), SINGLE],
      [runsOf('\\s'), SPACE],
    ];
    if (dropped !== '') {
      this.dropped = runsOf(dropped);
      layers.push([this.dropped, DROPPED]);
    }
    // Cleaning keeps these three control characters, as white space.
    if (cleanText) layers.push([runsOf('\t\n\r'), SPACE]);
    this.#layers = layers;
    this.#latin = this.#page(0);
  }

  /**
   * The character at `at`, no part of which may stand at `to` or after: its class × 4
   * plus its width in code units, two answers in one number for the innermost loop.
   */
  at(text: string, at: number, to: number): number {
    const unit = text.charCodeAt(at);
    if (unit < PAGE_SIZE) return ((this.#latin[unit] ?? WORD) << 2) | 1;
    if ((unit & 0xf800) !== 0xd800) return (this.#of(unit) << 2) | 1;
    const width = widthAt(text, at, to);
    return (this.#of(width === 2 ? (text.codePointAt(at) ?? unit) : unit) << 2) | width;
  }

  #of(codePoint: number): number {
    const page = this.#pages[codePoint >> PAGE_BITS] ?? this.#page(codePoint >> PAGE_BITS);
    return page[codePoint & (PAGE_SIZE - 1)] ?? WORD;
  }

  #page(number: number): Uint8Array {
    const first = number << PAGE_BITS;
    const codePoints = Array.from({ length: PAGE_SIZE }, (_, i) => first + i);
    const width = first > 0xffff ? 2 : 1;
    const text = String.fromCodePoint(...codePoints);
    const page = new Uint8Array(PAGE_SIZE).fill(WORD);
    for (const [runs, characterClass] of this.#layers) {
      for (const { 0: run, index } of text.matchAll(runs)) {
        page.fill(characterClass, index / width, (index + run.length) / width);
      }
    }
    this.#pages[number] = page;
    return page;
  }
}

/** Code units of the character at `at`: 2 for a surrogate pair that ends before `to`, else 1. */
export function widthAt(text: string, at: number, to: number): number {
  if (at + 1 >= to || (text.charCodeAt(at) & 0xfc00) !== 0xd800) return 1;
  return (text.charCodeAt(at + 1) & 0xfc00) === 0xdc00 ? 2 : 1;
}

function runsOf(characters: string): RegExp {
  return new RegExp(`[${characters}]+`, 'gu');
}
