const ROOT = 0;
const NO_PIECE = -1;

/** A word cut into vocabulary pieces; `ends[i]` is where piece i ends, in UTF-16 code units. */
export interface SplitWord {
  readonly ids: number[];
  readonly ends: number[];
}

/**
 * The vocabulary as a trie over UTF-16 code units, its edges in one open-addressed hash
 * table. Finding the longest piece walks the word once instead of looking up every
 * shorter and shorter substring, which is what makes long unknown words cheap.
 */
export class PieceTrie {
  readonly #edgeParent: Int32Array;
  readonly #edgeUnit: Uint16Array;
  readonly #edgeChild: Int32Array;
  readonly #mask: number;
  readonly #ids: Int32Array;
  #nodes = 1;
  /** Where pieces that continue a word start; -1 when the vocabulary has none. */
  readonly #continuation: number;

  constructor(vocabulary: ReadonlyMap<string, number>, continuingPrefix: string) {
    let units = 0;
    for (const token of vocabulary.keys()) units += token.length;
    const capacity = 2 ** Math.ceil(Math.log2(2 * units + 2));
    this.#mask = capacity - 1;
    this.#edgeParent = new Int32Array(capacity).fill(-1);
    this.#edgeUnit = new Uint16Array(capacity);
    this.#edgeChild = new Int32Array(capacity);
    this.#ids = new Int32Array(units + 1).fill(NO_PIECE);
    for (const [token, id] of vocabulary) this.#insert(token, id);
    this.#continuation = this.#walk(continuingPrefix);
  }

  /** Greedy longest-match-first; undefined when some part of the word is in no piece. */
  split(word: string): SplitWord | undefined {
    const ids: number[] = [];
    const ends: number[] = [];
    let start = 0;
    while (start < word.length) {
      let node = start === 0 ? ROOT : this.#continuation;
      let id = NO_PIECE;
      let end = start;
      for (let at = start; at < word.length; at++) {
        node = this.#child(node, word.charCodeAt(at));
        if (node === -1) break;
        const here = this.#ids[node] ?? NO_PIECE;
        if (here !== NO_PIECE) {
          id = here;
          end = at + 1;
        }
      }
      if (id === NO_PIECE) return undefined;
      ids.push(id);
      ends.push(end);
      start = end;
    }
    return { ids, ends };
  }

  #insert(token: string, id: number): void {
    let node = ROOT;
    for (let i = 0; i < token.length; i++) {
      const unit = token.charCodeAt(i);
      const slot = this.#slot(node, unit);
      if (this.#edgeParent[slot] === -1) {
        this.#edgeParent[slot] = node;
        this.#edgeUnit[slot] = unit;
        this.#edgeChild[slot] = this.#nodes++;
      }
      node = this.#edgeChild[slot] ?? -1;
    }
    if (node !== ROOT) this.#ids[node] = id;
  }

  #walk(text: string): number {
    let node = ROOT;
    for (let i = 0; i < text.length; i++) node = this.#child(node, text.charCodeAt(i));
    return node;
  }

  #child(node: number, unit: number): number {
    if (node === -1) return -1;
    const slot = this.#slot(node, unit);
    return this.#edgeParent[slot] === -1 ? -1 : (this.#edgeChild[slot] ?? -1);
  }

  /** The slot that holds this edge, or the free one where it belongs. */
  #slot(node: number, unit: number): number {
    let slot = (Math.imul(node, 0x9e3779b1) ^ Math.imul(unit, 0x85ebca6b)) >>> 0;
    slot = (slot ^ (slot >>> 15)) & this.#mask;
    while (
      this.#edgeParent[slot] !== -1 &&
      (this.#edgeParent[slot] !== node || this.#edgeUnit[slot] !== unit)
    ) {
      slot = (slot + 1) & this.#mask;
    }
    return slot;
  }
}
