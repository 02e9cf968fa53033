import { bootstrap, groupCounts, type Estimate } from './bootstrap.js';
import type { ClassAnswer } from './class-answers.js';
import { classFigures, confusionOf } from './class-figures.js';
import { nearestCue } from './cues.js';
import { sectionKind } from './section-kind.js';

/** The answers that have something in common, and how good they are. */
export interface Slice {
  readonly dimension: string;
  readonly value: string;
  readonly count: number;
  readonly accuracy: Estimate;
  readonly macroF1: number;
}

interface Dimension {
  readonly name: string;
  /** Undefined where the answer has no place in it. */
  readonly valueOf: (answer: ClassAnswer) => string | undefined;
  /** Values in order, where they have one; else the most frequent comes first. */
  readonly order?: readonly string[];
}

/** Of dimensions with many values, such as sections, the rarer ones are put together. */
const MAX_VALUES = 12;
const LENGTHS = [10, 20, 40, 80] as const;
const DISTANCES = [0, 2, 5, 10] as const;

export const LENGTH_NAMES = bucketNames(LENGTHS, 1);

/** `1–10`, `11–20`, … as sentences are sorted by their tokens. */
export function lengthName(tokens: number): string {
  return bucket(tokens, LENGTHS, LENGTH_NAMES);
}

const DISTANCE_NAMES = bucketNames(DISTANCES, 0);
const NO_CUE = 'none';

const DIMENSIONS: readonly Dimension[] = [
  {
    name: 'length, tokens',
    valueOf: ({ tokens }) => lengthName(tokens),
    order: LENGTH_NAMES,
  },
  {
    name: 'nearest cue',
    valueOf: ({ example, entity }) => nearestCue(example.text, entity)?.kind ?? NO_CUE,
  },
  {
    name: 'distance from the cue, words',
    valueOf: ({ example, entity }) => {
      const words = entity && nearestCue(example.text, entity)?.words;
      return typeof words === 'number' ? bucket(words, DISTANCES, DISTANCE_NAMES) : undefined;
    },
    order: DISTANCE_NAMES,
  },
  { name: 'cue, as noted', valueOf: ({ example }) => example.cue },
  {
    name: 'section',
    valueOf: ({ example }) => example.section ?? sectionKind(example.text),
  },
  { name: 'source', valueOf: ({ example }) => example.source },
];

/** Dimensions in which the answers do not differ are left out. */
export function classSlices(labels: readonly string[], answers: readonly ClassAnswer[]): Slice[] {
  return DIMENSIONS.flatMap((dimension) => {
    const byValue = sortedValues(dimension, answers);
    if (byValue.length < 2) return [];
    return byValue.map(([value, members]) => sliceOf(labels, dimension.name, value, members));
  });
}

function sliceOf(
  labels: readonly string[],
  dimension: string,
  value: string,
  members: readonly ClassAnswer[],
): Slice {
  const groups = groupCounts(
    members,
    ({ example }) => example.note,
    ({ expected, label }) => confusionOf(labels, expected, label),
  );
  const [accuracy = { value: NaN, low: NaN, high: NaN }, macroF1 = accuracy] = bootstrap(
    groups,
    (counts) => {
      const figures = classFigures(labels, counts);
      return [figures.accuracy, figures.macroF1];
    },
  );
  return { dimension, value, count: members.length, accuracy, macroF1: macroF1.value };
}

function sortedValues(
  { valueOf, order }: Dimension,
  answers: readonly ClassAnswer[],
): [string, ClassAnswer[]][] {
  const byValue = new Map<string, ClassAnswer[]>();
  for (const answer of answers) {
    const value = valueOf(answer);
    if (value === undefined) continue;
    byValue.set(value, [...(byValue.get(value) ?? []), answer]);
  }
  const values = [...byValue].sort(([a, ofA], [b, ofB]) =>
    order ? order.indexOf(a) - order.indexOf(b) : ofB.length - ofA.length || (a < b ? -1 : 1),
  );
  if (values.length <= MAX_VALUES) return values;
  const rare = values.splice(MAX_VALUES - 1);
  return [...values, [`${rare.length} others`, rare.flatMap(([, members]) => members)]];
}

/** @param last the highest whole number of each bucket but the last, which is open */
function bucketNames(last: readonly number[], first: number): string[] {
  const names = last.map((to, i) => {
    const from = i === 0 ? first : (last[i - 1] ?? 0) + 1;
    return from === to ? String(to) : `${from}–${to}`;
  });
  return [...names, `over ${last.at(-1) ?? 0}`];
}

function bucket(value: number, last: readonly number[], names: readonly string[]): string {
  const i = last.findIndex((to) => value <= to);
  return names.at(i) ?? '';
}
