/**
 * The pipe between a lane and its process carries frames, each a header of two
 * words and a body of whole words, so that token ids and results can be read
 * where they lie:
 *
 *     uint32 body bytes | uint32 kind | body
 *     control: JSON, padded with spaces
 *     run:     uint32 batch | uint32 model | uint32 items | int32 lengths[items] | int32 ids[…]
 *     result:  uint32 batch | uint32 microseconds | uint32 width | float32 values[…]
 *
 * Words are little endian: the byte order of every machine there is a runtime for.
 */
export const FRAME_KIND = { control: 1, run: 2, result: 3 } as const;

const WORD = 4;
const HEADER_BYTES = 2 * WORD;
const RUN_HEAD_WORDS = 3;
const RESULT_HEAD_WORDS = 3;
/** Far above any batch; a longer one means that the stream is out of step. */
export const MAX_BODY_BYTES = 512 * 1024 * 1024;

/** The stream is not what the protocol says; nothing after it can be read. */
export class BrokenFrameError extends Error {
  constructor(message: string) {
    super(`broken frame: ${message}`);
    this.name = 'BrokenFrameError';
  }
}

export interface RunFrame {
  readonly batch: number;
  readonly model: number;
  readonly lengths: Int32Array;
  /** Ids of all items, one after the other. */
  readonly ids: Int32Array;
}

export interface ResultFrame {
  readonly batch: number;
  readonly runMicros: number;
  /** Values of an item, or of each of its tokens. */
  readonly width: number;
  readonly values: Float32Array;
}

export function encodeControl(message: unknown): Buffer {
  const json = JSON.stringify(message);
  const bytes = Buffer.byteLength(json);
  const frame = Buffer.alloc(HEADER_BYTES + Math.ceil(bytes / WORD) * WORD, ' ');
  writeHeader(frame, FRAME_KIND.control);
  frame.write(json, HEADER_BYTES);
  return frame;
}

export function decodeControl(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch {
    throw new BrokenFrameError('a control message is not JSON');
  }
}

export function encodeRun(batch: number, model: number, items: readonly Int32Array[]): Buffer {
  let tokens = 0;
  for (const ids of items) tokens += ids.length;
  const bodyWords = RUN_HEAD_WORDS + items.length + tokens;
  const frame = Buffer.allocUnsafe(HEADER_BYTES + bodyWords * WORD);
  writeHeader(frame, FRAME_KIND.run);
  const words = new Int32Array(frame.buffer, frame.byteOffset + HEADER_BYTES, bodyWords);
  words[0] = batch;
  words[1] = model;
  words[2] = items.length;
  let length = RUN_HEAD_WORDS;
  let at = RUN_HEAD_WORDS + items.length;
  for (const ids of items) {
    words[length++] = ids.length;
    words.set(ids, at);
    at += ids.length;
  }
  return frame;
}

export function decodeRun(body: Buffer): RunFrame {
  const words = int32View(body);
  const [batch, model, items] = words;
  if (batch === undefined || model === undefined || items === undefined) {
    throw new BrokenFrameError('a batch without its head');
  }
  const firstId = RUN_HEAD_WORDS + items;
  const lengths = words.subarray(RUN_HEAD_WORDS, firstId);
  const ids = words.subarray(firstId);
  if (lengths.length !== items || sum(lengths) !== ids.length) {
    throw new BrokenFrameError('the lengths of a batch do not add up to its ids');
  }
  return { batch: batch >>> 0, model, lengths, ids };
}

/** A result with room for `count` values, to be filled in place before it is sent. */
export function allocateResult(
  batch: number,
  runMicros: number,
  width: number,
  count: number,
): { readonly frame: Buffer; readonly values: Float32Array } {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + (RESULT_HEAD_WORDS + count) * WORD);
  writeHeader(frame, FRAME_KIND.result);
  const head = new Uint32Array(frame.buffer, frame.byteOffset + HEADER_BYTES, RESULT_HEAD_WORDS);
  head[0] = batch;
  head[1] = runMicros;
  head[2] = width;
  const firstValue = frame.byteOffset + HEADER_BYTES + RESULT_HEAD_WORDS * WORD;
  return { frame, values: new Float32Array(frame.buffer, firstValue, count) };
}

export function decodeResult(body: Buffer): ResultFrame {
  const head = int32View(body);
  const [batch, runMicros, width] = head;
  if (batch === undefined || runMicros === undefined || width === undefined) {
    throw new BrokenFrameError('a result without its head');
  }
  return {
    batch: batch >>> 0,
    runMicros: runMicros >>> 0,
    width,
    values: new Float32Array(
      head.buffer,
      head.byteOffset + RESULT_HEAD_WORDS * WORD,
      head.length - RESULT_HEAD_WORDS,
    ),
  };
}

/** Cuts a byte stream into frames. A frame that arrives in pieces is copied once, whole ones never. */
export class FrameReader {
  private readonly header = Buffer.alloc(HEADER_BYTES);
  private headerFilled = 0;
  /** The body being gathered, and how much of it is there. */
  private body: Buffer | null = null;
  private bodyFilled = 0;

  /** @param onFrame is given a body that stays valid and is not copied again. */
  constructor(private readonly onFrame: (kind: number, body: Buffer) => void) {}

  /** @throws BrokenFrameError when the stream cannot be read on. */
  push(chunk: Buffer): void {
    let at = this.body !== null || this.headerFilled > 0 ? this.finishPartial(chunk) : 0;
    while (at + HEADER_BYTES <= chunk.length) {
      const bytes = checkedLength(chunk.readUInt32LE(at));
      const end = at + HEADER_BYTES + bytes;
      if (end > chunk.length) break;
      this.onFrame(chunk.readUInt32LE(at + WORD), chunk.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    if (at < chunk.length) this.keepPartial(chunk, at);
  }

  /** Returns how much of the chunk the frame begun earlier took. */
  private finishPartial(chunk: Buffer): number {
    const used = this.keepPartial(chunk, 0);
    if (this.body !== null && this.bodyFilled === this.body.length) {
      const body = this.body;
      this.body = null;
      this.headerFilled = 0;
      this.onFrame(this.header.readUInt32LE(WORD), body);
    }
    return used;
  }

  private keepPartial(chunk: Buffer, from: number): number {
    let at = from;
    if (this.body === null) {
      const copied = chunk.copy(this.header, this.headerFilled, at);
      this.headerFilled += copied;
      at += copied;
      if (this.headerFilled < HEADER_BYTES) return at;
      this.body = Buffer.allocUnsafe(checkedLength(this.header.readUInt32LE(0)));
      this.bodyFilled = 0;
    }
    const copied = chunk.copy(this.body, this.bodyFilled, at);
    this.bodyFilled += copied;
    return at + copied;
  }
}

function writeHeader(frame: Buffer, kind: number): void {
  frame.writeUInt32LE(frame.length - HEADER_BYTES, 0);
  frame.writeUInt32LE(kind, WORD);
}

function checkedLength(bytes: number): number {
  if (bytes % WORD !== 0 || bytes > MAX_BODY_BYTES) {
    throw new BrokenFrameError(`a body of ${bytes} bytes`);
  }
  return bytes;
}

/** The body as words, in place where alignment allows. */
function int32View(body: Buffer): Int32Array {
  const aligned = body.byteOffset % WORD === 0 ? body : Uint8Array.from(body);
  return new Int32Array(aligned.buffer, aligned.byteOffset, aligned.length / WORD);
}

function sum(values: Int32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
