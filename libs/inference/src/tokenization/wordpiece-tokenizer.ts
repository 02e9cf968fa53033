import { invalidField } from '@app/common';
import { CharacterClasses, DROPPED, SINGLE, SPACE, widthAt, WORD } from './character-classes.js';
import { lowerSigmas } from './final-sigma.js';
import { PieceBuffer } from './piece-buffer.js';
import { PieceTrie } from './piece-trie.js';
import type { EncodeOptions, Encoding, Span, Tokenizer } from './tokenizer.js';
import { readWordPieceFiles, type WordPieceFiles } from './wordpiece-files.js';
import { WordPieceCache } from './word-pieces.js';

/** [CLS], [SEP], two markers and one token of the entity. */
const SHORTEST_LIMIT = 5;
/** A text that is refused is counted on up to this multiple of the limit, for the message. */
const COUNT_FACTOR = 2;

/**
 * The tokenizer of a model, from its parsed Hugging Face files.
 * @throws Error when it is not a BERT WordPiece tokenizer or lacks the entity marker.
 */
export function createTokenizer(
  tokenizerJson: unknown,
  tokenizerConfig: unknown,
  options: { readonly entityMarker?: string } = {},
): Tokenizer {
  return new WordPieceTokenizer(
    readWordPieceFiles(tokenizerJson, tokenizerConfig, options.entityMarker),
  );
}

/**
 * WordPiece with the library's vocabulary and normalizer but an own split into words, on
 * the original text: it gives offsets, a cache of words, and a bound on time. A character
 * costs one table look-up and a token one look-up of its word, so no cap on characters is
 * needed: work stops as soon as more tokens are found than may be.
 */
class WordPieceTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly #classes: CharacterClasses;
  readonly #words: WordPieceCache;
  // One buffer is enough: `encode` never yields.
  readonly #buffer = new PieceBuffer();

  constructor(private readonly files: WordPieceFiles) {
    this.vocabSize = files.vocabSize;
    this.#classes = new CharacterClasses(files.normalization);
    this.#words = new WordPieceCache({
      normalizer: files.normalizer,
      dropped: this.#classes.dropped,
      trie: new PieceTrie(files.vocabulary, files.continuingPrefix),
      unknownId: files.unknownId,
      maxWordCharacters: files.maxWordCharacters,
    });
  }

  encode(text: string, options: EncodeOptions): Encoding {
    const { maxTokens, overflow, entity, alignment = false } = options;
    if (maxTokens < SHORTEST_LIMIT) {
      throw new RangeError(`maxTokens must be at least ${SHORTEST_LIMIT}, not ${maxTokens}`);
    }
    const source = this.#withoutSigmas(text, entity);
    const fits = this.#collect(source, entity, maxTokens);
    if (fits) return this.#buffer.encoding(this.files.unknownId, false, alignment);
    if (overflow === 'refuse') throw this.#tooLong(source, entity, maxTokens);
    return entity === undefined
      ? this.#start(source, maxTokens, alignment)
      : this.#window(source, entity, maxTokens, alignment);
  }

  /** Puts the whole encoding into the buffer; false as soon as it has more than `limit` tokens. */
  #collect(text: string, entity: Span | undefined, limit: number): boolean {
    const out = this.#buffer;
    out.clear();
    out.pushSpecial(this.files.clsId);
    if (entity === undefined) {
      if (!this.#append(out, text, 0, text.length, limit)) return false;
    } else {
      const marker = this.#marker();
      if (!this.#append(out, text, 0, entity.start, limit)) return false;
      out.pushSpecial(marker);
      if (!this.#append(out, text, entity.start, entity.end, limit)) return false;
      out.pushSpecial(marker);
      if (!this.#append(out, text, entity.end, text.length, limit)) return false;
    }
    out.pushSpecial(this.files.sepId);
    return out.length <= limit;
  }

  /** The text's start. */
  #start(text: string, maxTokens: number, alignment: boolean): Encoding {
    const out = this.#buffer;
    out.clear();
    out.pushSpecial(this.files.clsId);
    this.#append(out, text, 0, text.length, maxTokens - 1);
    out.pushSpecial(this.files.sepId);
    return out.encoding(this.files.unknownId, true, alignment);
  }

  /** The entity, with as much on its left as on its right; what one side leaves the other takes. */
  #window(text: string, entity: Span, maxTokens: number, alignment: boolean): Encoding {
    const [left, inside, right] = [new PieceBuffer(), new PieceBuffer(), new PieceBuffer()];
    const budget = maxTokens - (SHORTEST_LIMIT - 1);
    this.#append(inside, text, entity.start, entity.end, budget);
    const room = budget - inside.length;
    this.#append(right, text, entity.end, text.length, room);
    // Every word gives a token or more: so many words hold all the tokens there is room for.
    const from = this.#startOfLastWords(text, entity.start, room);
    this.#append(left, text, from, entity.start, Infinity);

    const half = Math.floor(room / 2);
    const leftTokens = Math.min(left.length, Math.max(half, room - right.length));
    const rightTokens = Math.min(right.length, room - leftTokens);
    const out = this.#buffer;
    out.clear();
    out.pushSpecial(this.files.clsId);
    out.append(left, left.length - leftTokens, left.length);
    out.pushSpecial(this.#marker());
    out.append(inside, 0, inside.length);
    out.pushSpecial(this.#marker());
    out.append(right, 0, rightTokens);
    out.pushSpecial(this.files.sepId);
    return out.encoding(this.files.unknownId, true, alignment);
  }

  #tooLong(text: string, entity: Span | undefined, maxTokens: number): Error {
    const counted = COUNT_FACTOR * maxTokens;
    const complete = this.#collect(text, entity, counted);
    const tokens = complete ? `${this.#buffer.length}` : `more than ${counted}`;
    return invalidField(
      'text',
      'too_long',
      `The text has ${tokens} tokens; the model takes ${maxTokens} at most. ` +
        'Shorten it, or set truncate to true to have it cut.',
      'TEXT_TOO_LONG',
    );
  }

  /** Appends the pieces of `text` between `from` and `to`; false when `limit` left some out. */
  #append(out: PieceBuffer, text: string, from: number, to: number, limit: number): boolean {
    const classes = this.#classes;
    let at = from;
    while (at < to) {
      const begin = at;
      let character = classes.at(text, at, to);
      at += character & 3;
      if (character >> 2 === SPACE || character >> 2 === DROPPED) continue;
      if (character >> 2 === WORD) {
        while (at < to) {
          character = classes.at(text, at, to);
          if (character >> 2 === SPACE || character >> 2 === SINGLE) break;
          at += character & 3;
        }
      }
      const { ids, starts, ends } = this.#words.pieces(text.slice(begin, at));
      out.beginWord();
      for (let i = 0; i < ids.length; i++) {
        if (out.length >= limit) return false;
        out.push(ids[i] ?? 0, begin + (starts[i] ?? 0), begin + (ends[i] ?? 0));
      }
    }
    return true;
  }

  /** Where the last `count` words before `end` start. */
  #startOfLastWords(text: string, end: number, count: number): number {
    let words = 0;
    let inWord = false;
    let at = end;
    while (at > 0) {
      const begin = at > 1 && widthAt(text, at - 2, at) === 2 ? at - 2 : at - 1;
      const cls = this.#classes.at(text, begin, at) >> 2;
      if (cls === SINGLE || (cls === WORD && !inWord)) {
        if (words === count) return at;
        words++;
      }
      inWord = cls === WORD || (cls === DROPPED && inWord);
      at = begin;
    }
    return 0;
  }

  #withoutSigmas(text: string, entity: Span | undefined): string {
    const { lowercase, cleanText } = this.files.normalization;
    if (!lowercase) return text;
    if (entity === undefined) return lowerSigmas(text, cleanText);
    return (
      lowerSigmas(text.slice(0, entity.start), cleanText) +
      lowerSigmas(text.slice(entity.start, entity.end), cleanText) +
      lowerSigmas(text.slice(entity.end), cleanText)
    );
  }

  #marker(): number {
    if (this.files.markerId === undefined) {
      throw new Error('an entity was given to a tokenizer that was made without an entity marker');
    }
    return this.files.markerId;
  }
}
