import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { SetupError } from '@app/common';
import type { DataFile } from './evaluation-data.js';

/** The figures of a simpler system on the same examples. */
export interface Baseline {
  readonly name: string;
  readonly macroF1: number;
  /** F1 of each class it has a figure for. */
  readonly f1: Readonly<Record<string, number>>;
}

/**
 * The baseline of a set, `test.baseline.json` beside `test.jsonl`; null where there is none.
 * @throws SetupError when the file is not in its form
 */
export async function readBaseline({ path }: DataFile): Promise<Baseline | null> {
  const beside = path.replace(/(\.jsonl)?$/, '.baseline.json');
  const text = await readFile(beside, 'utf8').catch(() => null);
  return text === null ? null : parseBaseline(text, basename(beside));
}

/** @param file what the text is called in an error */
export function parseBaseline(text: string, file: string): Baseline {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const fields = recordOf(value);
  const { name, macro_f1: macroF1 } = fields ?? {};
  const perClass = recordOf(fields?.['per_class']);
  const f1: Record<string, number> = {};
  for (const [label, figures] of Object.entries(perClass ?? {})) {
    const figure = recordOf(figures)?.['f1'];
    if (typeof figure === 'number') f1[label] = figure;
  }
  if (typeof name === 'string' && typeof macroF1 === 'number' && perClass) {
    return { name, macroF1, f1 };
  }
  throw new SetupError(
    `${file} must be {"name", "per_class": {label: {"precision", "recall", "f1"}}, "macro_f1"}`,
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
