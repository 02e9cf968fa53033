import { csvLine } from '@app/common';
import type { ItemResultJson } from '@app/inference';

/** How results are written out: what begins the text, and what each stored line becomes. */
export interface ResultFormat {
  readonly type: string;
  readonly heading: string;
  /** @param lines JSON objects, one an item */
  write(lines: readonly string[]): string;
}

const COLUMNS = [
  'index',
  'prediction_id',
  'label',
  'score',
  'model_label',
  'probabilities',
  'entities',
  'embedding',
  'warnings',
  'error_code',
  'error_message',
] as const;

export const JSONL: ResultFormat = {
  type: 'application/x-ndjson; charset=utf-8',
  heading: '',
  write: (lines) => lines.map((line) => `${line}\n`).join(''),
};

/** One row an item; lists and objects as JSON in their cells. */
export const CSV: ResultFormat = {
  type: 'text/csv; charset=utf-8',
  heading: csvLine(COLUMNS),
  write: (lines) => lines.map((line) => csvRow(JSON.parse(line) as ItemResultJson)).join(''),
};

function csvRow(item: ItemResultJson): string {
  if ('error' in item) {
    const { code, message } = item.error;
    const empty = COLUMNS.slice(3).map(() => null);
    return csvLine([item.index, ...empty, code, message]);
  }
  const { prediction, warnings } = item;
  return csvLine([
    item.index,
    prediction.prediction_id,
    prediction.label ?? null,
    prediction.score ?? null,
    prediction.model_label ?? null,
    json(prediction.probabilities),
    json(prediction.entities),
    json(prediction.embedding),
    json(warnings),
    null,
    null,
  ]);
}

function json(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}
