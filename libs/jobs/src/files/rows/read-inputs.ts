import { CsvColumns } from './csv-columns.js';
import { CsvRowEnd } from './csv-row-end.js';
import type { JobInput } from '../../raw-input.js';
import { JSON_LINE_END } from './json-line-end.js';
import { jsonRow } from './json-row.js';
import type { FileFormat } from './recognise-format.js';
import { RowSplitter } from './row-splitter.js';
import { isBlank } from './row-text.js';

/**
 * The inputs in bytes that begin at a row and end after one, as they were
 * checked when the file came. Holds no more than a row.
 */
export async function* readInputs(
  pieces: AsyncIterable<Buffer>,
  format: FileFormat,
  columns: readonly string[] | null,
): AsyncGenerator<JobInput> {
  const csv = columns === null ? null : new CsvColumns(columns);
  const splitter = new RowSplitter(format === 'csv' ? new CsvRowEnd() : JSON_LINE_END);
  const inputOf = (bytes: Buffer) => (csv === null ? jsonRow(bytes) : csv.input(bytes));
  for await (const piece of pieces) {
    for (const { bytes } of splitter.push(piece)) if (!isBlank(bytes)) yield inputOf(bytes);
  }
  for (const { bytes } of splitter.end()) if (!isBlank(bytes)) yield inputOf(bytes);
}
