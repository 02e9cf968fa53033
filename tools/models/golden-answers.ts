import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError, SetupError } from '@app/common';
import type { Prediction } from '@app/inference';
import type { CatalogEntry } from '@app/model-registry';
import type { TestedModel } from './model-tester.js';

export const GOLDEN_FILE = 'golden.jsonl';

/** Differences between machines: none in rounding to speak of on CPU, more elsewhere. */
const TOLERANCE_FP32_CPU = 1e-4;
const TOLERANCE_ELSEWHERE = 1e-2;
const MAX_SHOWN = 5;

/** What a model answered where it was made; offsets are code points. */
type GoldenAnswer = GoldenClass | GoldenSpans;

interface GoldenClass {
  readonly text: string;
  readonly entity?: { readonly start: number; readonly end: number };
  readonly label: string;
  readonly probabilities: Readonly<Record<string, number>>;
}

interface GoldenSpans {
  readonly text: string;
  readonly spans: readonly GoldenSpan[];
}

interface GoldenSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
  readonly score: number;
}

/**
 * Holds a model against the answers that lie beside it.
 * @returns how many were compared; 0 when it has none
 * @throws SetupError naming the lines that differ
 */
export async function compareGoldenAnswers(
  { manifest, folder }: CatalogEntry,
  model: TestedModel,
): Promise<number> {
  if (!manifest.files.some(({ path }) => path === GOLDEN_FILE)) return 0;
  const lines = (await readFile(join(folder, GOLDEN_FILE), 'utf8')).split('\n');
  const exact = manifest.precision === 'fp32' && model.served.loaded.provider === 'cpu';
  const tolerance = exact ? TOLERANCE_FP32_CPU : TOLERANCE_ELSEWHERE;
  const problems: string[] = [];
  let compared = 0;
  for (const [i, line] of lines.entries()) {
    if (line.trim() === '') continue;
    const golden = parseLine(line, i + 1);
    const problem = await problemOf(golden, model, tolerance);
    if (problem !== null) problems.push(`${GOLDEN_FILE}:${i + 1} ${problem}`);
    compared++;
  }
  if (problems.length === 0) return compared;
  const shown = problems.slice(0, MAX_SHOWN);
  const rest = problems.length - shown.length;
  if (rest > 0) shown.push(`and ${rest} more`);
  throw new SetupError(
    `${problems.length} of ${compared} golden answers differ:\n${shown.map((p) => `  - ${p}`).join('\n')}`,
  );
}

async function problemOf(
  golden: GoldenAnswer,
  model: TestedModel,
  tolerance: number,
): Promise<string | null> {
  try {
    return difference(golden, await model.predict(golden), tolerance);
  } catch (error) {
    // Such as an entity beyond the text.
    if (error instanceof DomainError) return `cannot be asked: ${error.message}`;
    throw error;
  }
}

function difference(golden: GoldenAnswer, got: Prediction, tolerance: number): string | null {
  return 'spans' in golden
    ? differenceOfSpans(golden, got, tolerance)
    : differenceOfClass(golden, got, tolerance);
}

function differenceOfSpans(golden: GoldenSpans, got: Prediction, tolerance: number): string | null {
  if (!('spans' in got)) return 'expects spans, which models of this task do not answer';
  const [expected, actual] = [golden.spans, got.spans].map((spans) => spans.map(place).join(' '));
  if (actual !== expected) return `expects ${expected || 'no span'}, got ${actual || 'none'}`;
  for (const [i, { score }] of golden.spans.entries()) {
    const other = got.spans[i]?.score ?? NaN;
    if (!(Math.abs(other - score) <= tolerance)) {
      return `expects a score of ${score.toFixed(6)}, got ${other.toFixed(6)} (tolerance ${tolerance})`;
    }
  }
  return null;
}

function place({ label, start, end }: Omit<GoldenSpan, 'score'>): string {
  return `${label}:${start}-${end}`;
}

function differenceOfClass(golden: GoldenClass, got: Prediction, tolerance: number): string | null {
  if (!('label' in got)) return 'expects a label, which models of this task do not answer';
  if (got.label !== golden.label) return `expects ${golden.label}, got ${got.label}`;
  for (const [label, expected] of Object.entries(golden.probabilities)) {
    const probability = got.probabilities[label];
    if (probability === undefined) return `expects ${label}, which is none of the model's labels`;
    if (!(Math.abs(probability - expected) <= tolerance)) {
      return `expects ${label} ${expected.toFixed(6)}, got ${probability.toFixed(6)} (tolerance ${tolerance})`;
    }
  }
  return null;
}

function parseLine(line: string, number: number): GoldenAnswer {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    value = null;
  }
  if (isGolden(value)) return value;
  throw new SetupError(
    `${GOLDEN_FILE}:${number} must be {"text", "entity"?: {"start", "end"}, "label", "probabilities"} ` +
      'or {"text", "spans": [{"start", "end", "label", "score"}]}',
  );
}

function isGolden(value: unknown): value is GoldenAnswer {
  if (typeof value !== 'object' || value === null) return false;
  const { text, label, probabilities, entity, spans } = value as Readonly<Record<string, unknown>>;
  if (Array.isArray(spans)) return typeof text === 'string' && spans.every(isSpan);
  return (
    typeof text === 'string' &&
    typeof label === 'string' &&
    isNumbers(probabilities) &&
    (entity === undefined || isPlace(entity))
  );
}

function isSpan(value: unknown): value is GoldenSpan {
  if (typeof value !== 'object' || value === null) return false;
  const { label, ...numbers } = value as Readonly<Record<string, unknown>>;
  return typeof label === 'string' && 'score' in numbers && isPlace(numbers) && isNumbers(numbers);
}

function isPlace(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { start, end } = value as Readonly<Record<string, unknown>>;
  return Number.isSafeInteger(start) && Number.isSafeInteger(end);
}

function isNumbers(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    Object.values(value).every((entry) => typeof entry === 'number')
  );
}
