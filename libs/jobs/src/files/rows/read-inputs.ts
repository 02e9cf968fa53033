import { CsvColumns } from './csv-columns.js';
import { CsvRowEnd } from './csv-row-end.js';
import type { JobInput } from '../../raw-input.js';
import { JSON_LINE_END } from './json-line-end.js';
import { jsonRow } from './json-row.js';
import type { FileFormat } from './recognise-format.js';
import { RowSplitter, type RowBytes } from './row-splitter.js';
import { isBlank } from './row-text.js';

/**
 * The inputs in bytes that begin at a row and end after one, as they were
 * checked when the file came: those that end in a piece together. Holds no
 * more than a piece and a row.
 */
export async function* readInputs(
  pieces: AsyncIterable<Buffer>,
  format: FileFormat,
  columns: readonly string[] | null,
): AsyncGenerator<readonly JobInput[]> {
  const csv = columns === null ? null : new CsvColumns(columns);
  const splitter = new RowSplitter(format === 'csv' ? new CsvRowEnd() : JSON_LINE_END);
  const inputsOf = (rows: Iterable<RowBytes>) => {
    const inputs: JobInput[] = [];
    for (const { bytes } of rows) {
      if (!isBlank(bytes)) inputs.push(csv === null ? jsonRow(bytes) : csv.input(bytes));
    }
    return inputs;
  };
  for await (const piece of pieces) yield inputsOf(splitter.push(piece));
  yield inputsOf(splitter.end());
}
