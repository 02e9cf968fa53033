import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SetupError } from '@app/common';
import type { DataFile } from './evaluation-data.js';

const BASELINE_FILE = 'baseline.json';
/** The file whose examples the baseline's figures are of. */
const MEASURED_ON = 'test.jsonl';

/** The figures of a simpler system on the same examples. */
export interface Baseline {
  readonly name: string;
  readonly macroF1: number;
  /** F1 of each class it has a figure for. */
  readonly f1: Readonly<Record<string, number>>;
}

/**
 * The baseline that lies beside a test set; null where there is none.
 * @throws SetupError when the file is not in its form
 */
export async function readBaseline({ name, path }: DataFile): Promise<Baseline | null> {
  if (name !== MEASURED_ON) return null;
  const text = await readFile(join(dirname(path), BASELINE_FILE), 'utf8').catch(() => null);
  return text === null ? null : parseBaseline(text);
}

export function parseBaseline(text: string): Baseline {
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
    `${BASELINE_FILE} must be {"name", "per_class": {label: {"precision", "recall", "f1"}}, "macro_f1"}`,
  );
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>)
    : null;
}
