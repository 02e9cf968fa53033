import { CsvColumns } from './csv-columns.js';
import { CsvRowEnd } from './csv-row-end.js';
import { JSON_LINE_END } from './json-line-end.js';
import { jsonRow } from './json-row.js';
import { recogniseFormat, type FileFormat } from './recognise-format.js';
import { fileError, RowFault, rowError } from './row-fault.js';
import { RowOffsets } from './row-offsets.js';
import { RowSplitter, type RowBytes } from './row-splitter.js';
import { isBlank } from './row-text.js';

/** What a file of inputs turned out to be. */
export interface ScannedFile {
  readonly format: FileFormat;
  /** A CSV's; null for JSONL. */
  readonly columns: readonly string[] | null;
  readonly rows: number;
  readonly rowOffsets: readonly number[];
  readonly rowStep: number;
}

/**
 * Reads a file of inputs once, as it arrives, and checks every row. Holds no
 * more than a row and the index.
 */
export class InputScan {
  private head: Buffer | null = Buffer.alloc(0);
  private format: FileFormat = 'jsonl';
  private splitter = new RowSplitter(JSON_LINE_END);
  private columns: CsvColumns | null = null;
  private readonly offsets = new RowOffsets();

  /** @throws DomainError VALIDATION_ERROR naming the row, or UNSUPPORTED_MEDIA_TYPE */
  push(chunk: Buffer): void {
    if (this.head === null) {
      this.take((splitter) => splitter.push(chunk));
      return;
    }
    this.head = this.head.length === 0 ? chunk : Buffer.concat([this.head, chunk]);
    this.recognise(false);
  }

  /** @throws DomainError as `push`, or when there are no rows */
  finish(): ScannedFile {
    if (this.head !== null) this.recognise(true);
    this.take((splitter) => splitter.end());
    const { rows, step } = this.offsets;
    if (rows === 0) {
      throw fileError('empty', 'The file has a heading and no rows. Send at least one input.');
    }
    return {
      format: this.format,
      columns: this.columns?.names ?? null,
      rows,
      rowOffsets: this.offsets.list(),
      rowStep: step,
    };
  }

  private recognise(whole: boolean): void {
    const head = this.head;
    const recognised = head === null ? null : recogniseFormat(head, whole);
    if (head === null || recognised === null) return;
    this.head = null;
    this.format = recognised.format;
    const rowEnd = recognised.format === 'csv' ? new CsvRowEnd() : JSON_LINE_END;
    this.splitter = new RowSplitter(rowEnd, recognised.skip);
    this.take((splitter) => splitter.push(head.subarray(recognised.skip)));
  }

  private take(rows: (splitter: RowSplitter) => Iterable<RowBytes>): void {
    let line: number | undefined;
    try {
      for (const row of rows(this.splitter)) {
        line = row.line;
        this.check(row);
        line = undefined;
      }
    } catch (error) {
      if (!(error instanceof RowFault)) throw error;
      throw this.inPlace(error, line ?? this.splitter.currentLine);
    }
  }

  private check({ bytes, start }: RowBytes): void {
    if (isBlank(bytes)) return;
    if (this.format === 'jsonl') jsonRow(bytes);
    else if (this.columns === null) {
      this.columns = CsvColumns.parse(bytes);
      return;
    } else this.columns.input(bytes);
    this.offsets.add(start);
  }

  private inPlace(fault: RowFault, line: number) {
    if (this.format === 'csv' && this.columns === null) {
      return fileError(fault.code, `The CSV's heading (line ${line}) ${fault.message}`);
    }
    return rowError(this.offsets.rows, line, fault);
  }
}
