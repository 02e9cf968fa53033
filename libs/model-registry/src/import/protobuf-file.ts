import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

export interface ProtobufField {
  readonly number: number;
  /** Of a varint; null for every other kind. */
  readonly value: number | null;
  /** Where the content lies in the file, for what has a length. */
  readonly start: number;
  readonly end: number;
}

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

const WINDOW_BYTES = 64 * 1024;
const MAX_VARINT_BYTES = 10;

/**
 * Walks through the fields of a protobuf file. What nobody looks into is never
 * read, so gigabytes of weights cost nothing.
 */
export class ProtobufFile {
  readonly size: number;
  private readonly descriptor: number;
  private readonly window = Buffer.alloc(WINDOW_BYTES);
  private windowStart = 0;
  private windowBytes = 0;

  constructor(path: string) {
    this.descriptor = openSync(path, 'r');
    this.size = fstatSync(this.descriptor).size;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** @throws RangeError when the bytes are not protobuf */
  *fields(start = 0, end = this.size): Generator<ProtobufField> {
    let at = start;
    while (at < end) {
      const tag = this.varint(at, end);
      const number = Math.floor(tag.value / 8);
      const kind = tag.value % 8;
      at = tag.next;
      let field: ProtobufField;
      if (kind === VARINT) {
        const { value, next } = this.varint(at, end);
        field = { number, value, start: at, end: next };
      } else if (kind === LENGTH_DELIMITED) {
        const length = this.varint(at, end);
        field = { number, value: null, start: length.next, end: length.next + length.value };
      } else if (kind === FIXED64 || kind === FIXED32) {
        field = { number, value: null, start: at, end: at + (kind === FIXED64 ? 8 : 4) };
      } else {
        throw new RangeError(`wrong wire type ${kind}`);
      }
      if (number === 0 || field.end > end) throw new RangeError('it is cut off or damaged');
      at = field.end;
      yield field;
    }
  }

  /** The content of a string field; keep it for short ones. */
  text({ start, end }: ProtobufField): string {
    const bytes = Buffer.alloc(end - start);
    readSync(this.descriptor, bytes, 0, bytes.length, start);
    return bytes.toString('utf8');
  }

  /** Repeated integers, whether packed into one field or not. */
  integers(field: ProtobufField): number[] {
    if (field.value !== null) return [field.value];
    const values: number[] = [];
    for (let at = field.start; at < field.end;) {
      const { value, next } = this.varint(at, field.end);
      values.push(value);
      at = next;
    }
    return values;
  }

  /** Precise below 2^53, which is enough for sizes and enumerations. */
  private varint(from: number, end: number): { value: number; next: number } {
    let value = 0;
    let factor = 1;
    for (let at = from; at < Math.min(end, from + MAX_VARINT_BYTES); at++) {
      const byte = this.byte(at);
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return { value, next: at + 1 };
      factor *= 0x80;
    }
    throw new RangeError('it is cut off or damaged');
  }

  private byte(position: number): number {
    if (position < this.windowStart || position >= this.windowStart + this.windowBytes) {
      this.windowStart = position;
      this.windowBytes = readSync(this.descriptor, this.window, 0, WINDOW_BYTES, position);
    }
    const byte = this.window[position - this.windowStart];
    if (byte === undefined || this.windowBytes === 0) throw new RangeError('it is cut off');
    return byte;
  }
}
