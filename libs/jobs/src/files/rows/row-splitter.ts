import { RowFault } from './row-fault.js';

const LF = 0x0a;
const CR = 0x0d;

/** The most bytes of a row: far more than a model reads, and little enough to hold. */
export const MAX_ROW_BYTES = 262_144;

export interface RowBytes {
  /** Without the line break. May be empty. */
  readonly bytes: Buffer;
  /** Where it begins, in bytes from the start of the file. */
  readonly start: number;
  /** The line it begins on, 1-based. */
  readonly line: number;
}

/** Finds where rows end; remembers how far into a row it is. */
export interface RowEnd {
  /**
   * The position of the line feed that ends the row, or -1 when these bytes do not hold it.
   * @throws RowFault
   */
  find(bytes: Buffer, from: number): number;
  /** @throws RowFault when the file may not end here */
  endOfFile(): void;
}

/** Cuts bytes into rows; holds back no more than an unfinished row. */
export class RowSplitter {
  private readonly held: Buffer[] = [];
  private heldBytes = 0;

  /**
   * @param start position of the first byte that will be pushed
   * @param line the line it is on
   */
  constructor(
    private readonly rowEnd: RowEnd,
    private start = 0,
    private line = 1,
  ) {}

  /** The line on which the row begins that is being read, 1-based. */
  get currentLine(): number {
    return this.line;
  }

  /** The rows that end in these bytes. @throws RowFault about the row after those it gave */
  *push(chunk: Buffer): Generator<RowBytes> {
    let from = 0;
    for (;;) {
      const end = this.rowEnd.find(chunk, from);
      if (end === -1) break;
      yield this.complete(chunk.subarray(from, end), 1);
      from = end + 1;
    }
    if (from < chunk.length) this.hold(chunk.subarray(from));
  }

  /** The last row, when no line break ended it. @throws RowFault */
  *end(): Generator<RowBytes> {
    this.rowEnd.endOfFile();
    if (this.heldBytes > 0) yield this.complete(Buffer.alloc(0), 0);
  }

  private complete(last: Buffer, breakBytes: number): RowBytes {
    this.hold(last);
    const whole = this.held.length === 1 ? last : Buffer.concat(this.held, this.heldBytes);
    const row = { bytes: withoutCarriageReturn(whole), start: this.start, line: this.line };
    this.start += whole.length + breakBytes;
    this.line += countLineFeeds(whole) + breakBytes;
    this.held.length = 0;
    this.heldBytes = 0;
    return row;
  }

  private hold(bytes: Buffer): void {
    this.held.push(bytes);
    this.heldBytes += bytes.length;
    if (this.heldBytes <= MAX_ROW_BYTES) return;
    throw new RowFault(
      'too_long',
      `is longer than ${MAX_ROW_BYTES} bytes, the most of a row. Shorten it; if it is several rows, look for a missing line break or closing quote.`,
    );
  }
}

function withoutCarriageReturn(row: Buffer): Buffer {
  return row.at(-1) === CR ? row.subarray(0, -1) : row;
}

function countLineFeeds(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) count++;
  return count;
}
