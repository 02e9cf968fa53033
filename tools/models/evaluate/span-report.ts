import { spanFromCaller } from '@app/inference';
import { bootstrap, groupCounts, type Estimate } from './bootstrap.js';
import { lengthName, LENGTH_NAMES } from './class-slices.js';
import { excerpt } from './excerpt.js';
import { counted, escaped, heldBack, markdownTable, withInterval } from './markdown.js';
import type { SpanAnswer } from './span-answers.js';
import {
  isSame,
  lenientFigure,
  overlaps,
  spanCounts,
  strictFigure,
  support,
  type TypedSpan,
} from './span-figures.js';

const EXAMPLES_SHOWN = 20;
const UNDEFINED: Estimate = { value: NaN, low: NaN, high: NaN };

/**
 * The figures of one set of texts with spans, in Markdown.
 * @param frozen whether its mistakes are counted only
 */
export function reportSpans(
  heading: string,
  labels: readonly string[],
  answers: readonly SpanAnswer[],
  frozen = false,
): string {
  const notes = new Set(answers.flatMap(({ example }) => example.note ?? []));
  const over =
    notes.size > 0
      ? `of ${counted(notes.size, 'note')}; intervals are over whole notes`
      : 'that name no note; intervals are over single texts';
  return [
    `### ${escaped(heading)}`,
    `${counted(answers.length, 'text')} ${over}. Strict: start, end and type all right. ` +
      'Overlap: type right and a character shared.',
    figuresTable(labels, answers),
    ...slicesSection(labels, answers),
    ...examplesSection(answers, frozen),
  ].join('\n\n');
}

function estimatesOf(labels: readonly string[], answers: readonly SpanAnswer[]): Estimate[] {
  const groups = groupCounts(
    answers,
    ({ example }) => example.note,
    ({ example, claimed }) => spanCounts(labels, example.entities, claimed),
  );
  return bootstrap(groups, (counts) =>
    [undefined, ...labels.keys()].flatMap((label) => {
      const { precision, recall, f1 } = strictFigure(counts, label);
      return [support(counts, label), precision, recall, f1, lenientFigure(counts, label).f1];
    }),
  );
}

function figuresTable(labels: readonly string[], answers: readonly SpanAnswer[]): string {
  const estimates = estimatesOf(labels, answers);
  const rows = ['all (micro)', ...labels.map(escaped)].map((name, i) => {
    const [spans = UNDEFINED, ...figures] = estimates.slice(5 * i, 5 * i + 5);
    return [name, String(spans.value), ...figures.map(withInterval)];
  });
  return markdownTable([
    ['type', 'spans', 'precision', 'recall', 'F1', 'F1, overlap'],
    ...[...rows.slice(1), ...rows.slice(0, 1)],
  ]);
}

function slicesSection(labels: readonly string[], answers: readonly SpanAnswer[]): string[] {
  const dimensions: [string, (answer: SpanAnswer) => string | undefined][] = [
    ['length, tokens', ({ tokens }) => lengthName(tokens)],
    ['section', ({ example }) => example.section],
    ['source', ({ example }) => example.source],
  ];
  const rows = dimensions.flatMap(([name, valueOf]) => {
    const values = [...new Set(answers.flatMap((answer) => valueOf(answer) ?? []))];
    values.sort((a, b) => LENGTH_NAMES.indexOf(a) - LENGTH_NAMES.indexOf(b) || (a < b ? -1 : 1));
    if (values.length < 2) return [];
    return values.map((value, i) => {
      const members = answers.filter((answer) => valueOf(answer) === value);
      const [spans = UNDEFINED, , , f1 = UNDEFINED, lenient = UNDEFINED] = estimatesOf(
        labels,
        members,
      );
      const counts = [String(members.length), String(spans.value)];
      return [
        i === 0 ? name : '',
        escaped(value),
        ...counts,
        withInterval(f1),
        withInterval(lenient),
      ];
    });
  });
  if (rows.length === 0) return [];
  const heading = ['by', 'value', 'texts', 'spans', 'F1', 'F1, overlap'];
  return ['#### Slices', markdownTable([heading, ...rows])];
}

/** One example of each kind of mistake in turn, so that the commonest does not fill the list. */
function examplesSection(answers: readonly SpanAnswer[], frozen: boolean): string[] {
  const kinds: Record<'wrong bounds' | 'missed' | 'not there', string[]> = {
    'wrong bounds': [],
    missed: [],
    'not there': [],
  };
  for (const { example, claimed } of answers) {
    const { text, entities } = example;
    const shown = (span: TypedSpan): string =>
      `${excerpt(text, spanFromCaller(text, span, 'codepoint', 'entity'))} (${escaped(span.label)})`;
    for (const span of entities) {
      if (claimed.some((other) => isSame(span, other))) continue;
      const near = claimed.find((other) => overlaps(span, other));
      if (!near) kinds.missed.push(shown(span));
      else kinds['wrong bounds'].push(`${shown(span)}; said ${quoted(text, near)}`);
    }
    for (const span of claimed) {
      if (!entities.some((other) => overlaps(span, other))) kinds['not there'].push(shown(span));
    }
  }
  if (frozen) return [heldBack(Object.values(kinds).flat().length)];
  const counts = Object.entries(kinds).map(([kind, list]) => `${list.length} ${kind}`);
  const longest = Math.max(...Object.values(kinds).map((list) => list.length));
  const mixed = Array.from({ length: longest }).flatMap((_, i) =>
    Object.entries(kinds).flatMap(([kind, list]) => {
      const line = list[i];
      return line === undefined ? [] : [`- ${kind}: ${line}`];
    }),
  );
  if (mixed.length === 0) return [];
  return ['#### Mistakes', `${counts.join(', ')}.`, mixed.slice(0, EXAMPLES_SHOWN).join('\n')];
}

function quoted(text: string, span: TypedSpan): string {
  const { start, end } = spanFromCaller(text, span, 'codepoint', 'entity');
  return `“${escaped(text.slice(start, end))}”`;
}
