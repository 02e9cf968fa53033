import type { JobInput } from '../../raw-input.js';
import { csvFields } from './csv-fields.js';
import { RowFault } from './row-fault.js';
import { rowText } from './row-text.js';

const MOST_COLUMNS = 256;
const TEXT_COLUMNS: readonly string[] = ['text', 'sentence'];
const OFFSET = /^\d{1,9}$/;

/** What a CSV's heading says: where in each row the input stands. */
export class CsvColumns {
  private readonly text: number;
  private readonly entity: number;
  private readonly start: number;
  private readonly end: number;

  /** @throws RowFault when the columns do not make an input */
  constructor(readonly names: readonly string[]) {
    const known = names.map(normalised);
    const texts = known.filter((name) => TEXT_COLUMNS.includes(name));
    if (texts.length !== 1) {
      throw new RowFault(
        texts.length === 0 ? 'required' : 'ambiguous',
        'must name exactly one column "text" (or "sentence").',
      );
    }
    if (names.length > MOST_COLUMNS) {
      throw new RowFault(
        'too_many',
        `has ${names.length} columns; at most ${MOST_COLUMNS} are read. Leave out those that are not needed.`,
      );
    }
    this.text = known.findIndex((name) => TEXT_COLUMNS.includes(name));
    this.entity = known.indexOf('entity');
    this.start = known.indexOf('entity_start');
    this.end = known.indexOf('entity_end');
    if ((this.start === -1) !== (this.end === -1)) {
      throw new RowFault('incomplete', 'names one of "entity_start" and "entity_end". Name both.');
    }
  }

  /** @throws RowFault */
  static parse(heading: Buffer): CsvColumns {
    return new CsvColumns(csvFields(rowText(heading)).map((name) => name.trim()));
  }

  /** An input from a row. Columns with other names are the caller's own. @throws RowFault */
  input(row: Buffer): JobInput {
    const fields = csvFields(rowText(row));
    if (fields.length !== this.names.length) {
      throw new RowFault(
        'field_count',
        `has ${fields.length} fields where the heading has ${this.names.length}. Put quotes around a field that holds a comma or a line break.`,
      );
    }
    const text = fields[this.text] ?? '';
    const entity = this.entityOf(fields);
    return entity === undefined ? { text } : { text, entity };
  }

  private entityOf(fields: readonly string[]): JobInput['entity'] {
    const phrase = fields[this.entity] ?? '';
    const start = fields[this.start]?.trim() ?? '';
    const end = fields[this.end]?.trim() ?? '';
    if (start === '' && end === '') return phrase === '' ? undefined : phrase;
    if (phrase !== '') {
      throw new RowFault('ambiguous', 'gives the entity both as text and by offsets. Give one.');
    }
    if (!OFFSET.test(start) || !OFFSET.test(end)) {
      throw new RowFault(
        'wrong_type',
        'needs whole numbers in both "entity_start" and "entity_end", or nothing in both.',
      );
    }
    return { start: Number(start), end: Number(end) };
  }
}

/** Whether a line names a column that inputs are read from. */
export function isHeading(line: string): boolean {
  try {
    return csvFields(line).some((name) => TEXT_COLUMNS.includes(normalised(name)));
  } catch {
    return false;
  }
}

function normalised(name: string): string {
  return name.trim().toLowerCase();
}
