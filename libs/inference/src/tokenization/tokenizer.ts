/** A half-open range of a text, in UTF-16 code units (JavaScript string indices). */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A text as the model sees it. */
export interface Encoding {
  /** Token ids, special tokens included. */
  readonly ids: Int32Array;
  /**
   * Where each token stands in the text, in UTF-16 code units of the text as received; -1 for
   * special tokens. Like `ends` and `words`, empty unless `alignment` was asked for.
   */
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  /** The word each token is a piece of, counted from 0; -1 for special tokens. */
  readonly words: Int32Array;
  /** How many ids are the unknown token. */
  readonly unknown: number;
  /** Whether part of the text was left out to fit `maxTokens`. */
  readonly truncated: boolean;
}

export interface EncodeOptions {
  /** Longest encoding allowed, special tokens included. */
  readonly maxTokens: number;
  /** `refuse` throws TEXT_TOO_LONG; `window` keeps what fits: around the entity, else from the start. */
  readonly overflow: 'refuse' | 'window';
  /** Marked with the entity marker on both sides; the marker is inserted as a token, never as text. */
  readonly entity?: Span;
  /** Also say where each token stands; costs three more arrays an encoding. */
  readonly alignment?: boolean;
}

/** Turns text into token ids. Bounded in time for any input. */
export interface Tokenizer {
  readonly vocabSize: number;
  /** @throws DomainError TEXT_TOO_LONG */
  encode(text: string, options: EncodeOptions): Encoding;
}
