import type { Encoding } from './tokenizer.js';

const SPECIAL = -1;

const NONE = new Int32Array(0);

/** Tokens being collected; kept and used again, so that an encoding costs exact copies only. */
export class PieceBuffer {
  length = 0;
  #ids = new Int32Array(512);
  #starts = new Int32Array(512);
  #ends = new Int32Array(512);
  #words = new Int32Array(512);
  #nextWord = 0;

  clear(): void {
    this.length = 0;
    this.#nextWord = 0;
  }

  /** The next pieces pushed belong to a new word. */
  beginWord(): void {
    this.#nextWord++;
  }

  push(id: number, start: number, end: number): void {
    this.#put(id, start, end, this.#nextWord - 1);
  }

  pushSpecial(id: number): void {
    this.#put(id, SPECIAL, SPECIAL, SPECIAL);
  }

  /** Appends tokens `from` to `to` (exclusive) of another buffer, as words of their own. */
  append(other: PieceBuffer, from: number, to: number): void {
    const shift = this.#nextWord - (other.#words[from] ?? 0);
    for (let i = from; i < to; i++) {
      const word = (other.#words[i] ?? 0) + shift;
      this.#put(other.#ids[i] ?? 0, other.#starts[i] ?? 0, other.#ends[i] ?? 0, word);
      this.#nextWord = word + 1;
    }
  }

  encoding(unknownId: number, truncated: boolean, alignment: boolean): Encoding {
    const ids = this.#ids.slice(0, this.length);
    let unknown = 0;
    for (const id of ids) if (id === unknownId) unknown++;
    return {
      ids,
      starts: alignment ? this.#starts.slice(0, this.length) : NONE,
      ends: alignment ? this.#ends.slice(0, this.length) : NONE,
      words: alignment ? this.#words.slice(0, this.length) : NONE,
      unknown,
      truncated,
    };
  }

  #put(id: number, start: number, end: number, word: number): void {
    const at = this.length;
    if (at === this.#ids.length) this.#grow();
    this.#ids[at] = id;
    this.#starts[at] = start;
    this.#ends[at] = end;
    this.#words[at] = word;
    this.length = at + 1;
  }

  #grow(): void {
    this.#ids = doubled(this.#ids);
    this.#starts = doubled(this.#starts);
    this.#ends = doubled(this.#ends);
    this.#words = doubled(this.#words);
  }
}

function doubled(array: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(2 * array.length);
  larger.set(array);
  return larger;
}
