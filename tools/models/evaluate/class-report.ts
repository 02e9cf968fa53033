import { behaviourFigures, type PassRate } from './behaviour.js';
import type { Baseline } from './baseline.js';
import { bootstrap, groupCounts, type Estimate } from './bootstrap.js';
import {
  brierScore,
  calibrationError,
  reliabilityBins,
  type ReliabilityBin,
} from './calibration.js';
import type { ClassAnswer } from './class-answers.js';
import { classFigures, confusionOf, type ClassFigures } from './class-figures.js';
import { classSlices } from './class-slices.js';
import { excerpt } from './excerpt.js';
import {
  counted,
  escaped,
  figure,
  heldBack,
  margin,
  markdownTable,
  percent,
  withInterval,
} from './markdown.js';

const EXAMPLES_SHOWN = 15;

/** The figures of one set of labelled texts, and their account in Markdown. */
export interface ClassReport {
  readonly markdown: string;
  /** Rows expected, columns answered, row by row. */
  readonly confusion: Float64Array;
  readonly bins: readonly ReliabilityBin[];
}

/**
 * @param heading the name of the set
 * @param frozen whether its wrong answers are counted only
 */
export function reportClasses(
  heading: string,
  labels: readonly string[],
  answers: readonly ClassAnswer[],
  baseline: Baseline | null,
  frozen = false,
): ClassReport {
  const groups = countsByNote(labels, answers);
  const confusion = totalOf(labels, answers);
  const estimates = bootstrap(groups, statisticsLike(labels, confusion));
  const bins = reliabilityBins(answers, 10);
  const wrong = answers.filter(({ right }) => !right);
  const markdown = [
    `### ${escaped(heading)}`,
    `${counted(answers.length, 'text')} ${groupsOf(answers, groups.length)}.`,
    figuresTable(labels, classFigures(labels, confusion), estimates, baseline),
    baseline === null ? '' : `Baseline: ${escaped(baseline.name)}, on the same texts.`,
    calibrationTable(answers, bins),
    '#### Confusion matrix',
    confusionTable(labels, confusion),
    ...slicesSection(labels, answers),
    ...(frozen ? [heldBack(wrong.length)] : mistakesSection('The surest wrong answers', wrong)),
  ];
  return { markdown: joined(markdown), confusion, bins };
}

/** The figures of several sets as one, in Markdown: with more texts, the intervals are narrower. */
export function reportTogether(
  sets: readonly { readonly name: string; readonly answers: readonly ClassAnswer[] }[],
  labels: readonly string[],
): string {
  const answers = sets.flatMap((set) => set.answers);
  const groups = sets.flatMap((set) => countsByNote(labels, set.answers));
  const total = totalOf(labels, answers);
  const estimates = bootstrap(groups, statisticsLike(labels, total));
  return joined([
    `### ${escaped(sets.map(({ name }) => name).join(' and '))} together`,
    `${counted(answers.length, 'text')}.`,
    figuresTable(labels, classFigures(labels, total), estimates, null),
    calibrationTable(answers, reliabilityBins(answers, 10)),
  ]);
}

/** What a behavioural suite gave, in Markdown. */
export function reportBehaviour(heading: string, answers: readonly ClassAnswer[]): string {
  const { all, byCapability, byKind, failures } = behaviourFigures(answers);
  const lowest = byCapability[0];
  return joined([
    `### ${escaped(heading)}: behavioural suite`,
    `${all.passed} of ${counted(all.cases, 'case')} passed (${percent(all.passed, all.cases)}), in ` +
      `${byCapability.length} capabilities; the lowest of them is at ` +
      `${lowest ? percent(lowest.passed, lowest.cases) : '–'}.`,
    rateTable('capability', [...byCapability, all]),
    byKind.length > 1 ? rateTable('kind', byKind) : '',
    ...mistakesSection('Cases that fail, the surest answers first', failures),
  ]);
}

function countsByNote(labels: readonly string[], answers: readonly ClassAnswer[]): Float64Array[] {
  return groupCounts(
    answers,
    ({ example }) => example.note,
    ({ expected, label }) => confusionOf(labels, expected, label),
  );
}

/** Rows expected, columns answered, row by row. */
function totalOf(labels: readonly string[], answers: readonly ClassAnswer[]): Float64Array {
  const [all] = groupCounts(
    answers,
    () => '',
    ({ expected, label }) => confusionOf(labels, expected, label),
  );
  return all ?? new Float64Array(labels.length ** 2);
}

/**
 * The figures of a resample. Macro F1 is undefined in one that lacks a class of the whole: the
 * mean of fewer classes is another figure.
 */
function statisticsLike(
  labels: readonly string[],
  whole: Float64Array,
): (counts: Float64Array) => number[] {
  const isThere = ({ f1 }: ClassFigures['perClass'][number]) => !Number.isNaN(f1);
  const classes = classFigures(labels, whole).perClass.filter(isThere).length;
  return (counts) => {
    const { accuracy, macroF1, perClass } = classFigures(labels, counts);
    return [
      accuracy,
      perClass.filter(isThere).length === classes ? macroF1 : NaN,
      ...perClass.flatMap(({ precision, recall, f1 }) => [precision, recall, f1]),
    ];
  };
}

function groupsOf(answers: readonly ClassAnswer[], groups: number): string {
  const withNote = answers.filter(({ example }) => example.note !== undefined).length;
  if (withNote === 0) return 'that name no note; intervals are over single texts';
  const notes = groups - (answers.length - withNote);
  return `of ${counted(notes, 'note')}; intervals are over whole notes`;
}

const UNDEFINED: Estimate = { value: NaN, low: NaN, high: NaN };

function figuresTable(
  labels: readonly string[],
  figures: ClassFigures,
  [accuracy = UNDEFINED, macroF1 = UNDEFINED, ...perClass]: readonly Estimate[],
  baseline: Baseline | null,
): string {
  const beside = (label: string | null, f1: number): string[] => {
    if (baseline === null) return [];
    const theirs = (label === null ? baseline.macroF1 : baseline.f1[label]) ?? NaN;
    return [figure(theirs), margin(f1 - theirs)];
  };
  const rows = labels.map((label, i) => {
    const f1 = perClass[3 * i + 2] ?? UNDEFINED;
    return [
      escaped(label),
      String(figures.perClass[i]?.support ?? 0),
      withInterval(perClass[3 * i] ?? UNDEFINED),
      withInterval(perClass[3 * i + 1] ?? UNDEFINED),
      withInterval(f1),
      ...beside(label, f1.value),
    ];
  });
  const total = String(figures.perClass.reduce((sum, { support }) => sum + support, 0));
  return markdownTable([
    ['label', 'texts', 'precision', 'recall', 'F1', ...(baseline ? ['baseline F1', 'margin'] : [])],
    ...rows,
    ['macro F1', total, '', '', withInterval(macroF1), ...beside(null, macroF1.value)],
    ['accuracy', total, '', '', withInterval(accuracy), ...(baseline ? ['', ''] : [])],
  ]);
}

function calibrationTable(
  answers: readonly ClassAnswer[],
  bins: readonly ReliabilityBin[],
): string {
  return markdownTable([
    ['calibration', 'value'],
    ['expected calibration error, 10 bins', calibrationError(bins).toFixed(4)],
    [
      'expected calibration error, 15 bins',
      calibrationError(reliabilityBins(answers, 15)).toFixed(4),
    ],
    ['Brier score (sum over labels, 0–2)', brierScore(answers).toFixed(4)],
  ]);
}

function confusionTable(labels: readonly string[], confusion: Float64Array): string {
  return markdownTable([
    ['expected \\ answered', ...labels.map(escaped)],
    ...labels.map((label, row) => [
      escaped(label),
      ...labels.map((_, column) => String(confusion[row * labels.length + column] ?? 0)),
    ]),
  ]);
}

function slicesSection(labels: readonly string[], answers: readonly ClassAnswer[]): string[] {
  const slices = classSlices(labels, answers);
  if (slices.length === 0) return [];
  const rows = slices.map(({ dimension, value, count, accuracy, macroF1 }, i) => [
    dimension === slices[i - 1]?.dimension ? '' : dimension,
    escaped(value),
    String(count),
    withInterval(accuracy),
    figure(macroF1),
  ]);
  return [
    '#### Slices',
    markdownTable([['by', 'value', 'texts', 'accuracy', 'macro F1'], ...rows]),
  ];
}

function mistakesSection(heading: string, mistakes: readonly ClassAnswer[]): string[] {
  if (mistakes.length === 0) return [];
  const shown = [...mistakes].sort((a, b) => b.score - a.score).slice(0, EXAMPLES_SHOWN);
  const rest = mistakes.length - shown.length;
  return [
    `#### ${heading}`,
    shown
      .map(({ example, entity, expected, label, score }) => {
        const { capability } = example;
        const of = capability === undefined ? '' : `${escaped(capability)}: `;
        return `- ${of}${excerpt(example.text, entity)} (expected ${escaped(expected)}, said ${escaped(label)} ${score.toFixed(2)})`;
      })
      .join('\n'),
    rest > 0 ? `And ${rest} more.` : '',
  ];
}

function rateTable(name: string, rates: readonly PassRate[]): string {
  const hasGroups = rates.some(({ groups }) => groups > 0);
  return markdownTable([
    [name, 'cases', 'passed', 'rate', ...(hasGroups ? ['groups wholly right'] : [])],
    ...rates.map(({ name: value, cases, passed, groups, wholeGroups }) => [
      escaped(value),
      String(cases),
      String(passed),
      percent(passed, cases),
      ...(hasGroups ? [groups === 0 ? '' : `${wholeGroups} of ${groups}`] : []),
    ]),
  ]);
}

function joined(parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join('\n\n');
}
