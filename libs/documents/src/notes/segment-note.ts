import type { Span } from '@app/inference';
import { findHeadings, type Heading } from './headings.js';
import { restoreLineBreaks } from './line-breaks.js';
import type { NoteSection, NoteSentence } from './note-analysis.js';
import { sentenceEnds } from './sentence-ends.js';

/** A note in parts; offsets are string indices. */
export interface SegmentedNote {
  /** The note with its lines as they were: what models read. Indices are those of the note. */
  readonly lines: string;
  readonly sections: readonly NoteSection[];
  readonly sentences: readonly NoteSentence[];
}

/** A line at least so long was broken because it was full, not because a thought was. */
const FULL_LINE = 50;
const LIST_ITEM = /^[ \t]*(?:\(?\d{1,2}[.)](?!\d)|[-*•·–—#>](?=[ \t\p{L}]))/u;
/** A line that cannot end a thought. */
const UNFINISHED =
  /(?:[,&/(-]|\b(?:and|or|of|with|without|the|a|an|in|to|for|no|by|at|is|was))[ \t]*$/i;

/**
 * Parts a note into sections and sentences. Every character of it but white space, and
 * commas that stand for line breaks, belongs to one sentence; every sentence to one section.
 */
export function segmentNote(text: string): SegmentedNote {
  const lines = restoreLineBreaks(text);
  const headings = findHeadings(lines);
  const sections: NoteSection[] = [];
  const sentences: NoteSentence[] = [];
  for (const { heading, start, end } of stretches(lines, headings)) {
    const parts = sentencesOf(lines, heading, start, end);
    const [first, last] = [parts[0], parts.at(-1)];
    if (!first || !last) continue;
    const section = sections.length;
    sections.push({ title: heading?.title ?? null, start: first.start, end: last.end });
    for (const part of parts) sentences.push({ ...part, section });
  }
  return { lines, sections, sentences };
}

interface Stretch extends Span {
  readonly heading: Heading | null;
}

function stretches(lines: string, headings: readonly Heading[]): Stretch[] {
  const first = headings[0]?.start ?? lines.length;
  return [
    { heading: null, start: 0, end: first },
    ...headings.map((heading, i) => ({
      heading,
      start: heading.start,
      end: headings[i + 1]?.start ?? lines.length,
    })),
  ];
}

function sentencesOf(lines: string, heading: Heading | null, start: number, end: number): Span[] {
  // The heading and the white space behind it stay with the first sentence.
  const body = heading ? skipSpace(lines, heading.end, end) : start;
  const breaks = [...lineEnds(lines, body, end), end];
  const cuts: number[] = [];
  let from = body;
  for (const to of breaks) {
    cuts.push(...sentenceEnds(lines, from, to), to);
    from = to;
  }
  const spans: Span[] = [];
  let at = start;
  for (const cut of cuts) {
    const span = trimmed(lines, at, cut);
    if (span) spans.push(span);
    at = cut;
  }
  return spans;
}

/** The line breaks that part sentences, as indices of the next line. */
function lineEnds(lines: string, from: number, to: number): number[] {
  const ends: number[] = [];
  let lineStart = from;
  for (let at = lines.indexOf('\n', from); at !== -1 && at < to; at = lines.indexOf('\n', at + 1)) {
    const line = lines.slice(lineStart, at).trimEnd();
    const next = lines.slice(at + 1, Math.min(to, at + 80));
    if (parts(line, next)) ends.push(at + 1);
    lineStart = at + 1;
  }
  return ends;
}

function parts(line: string, next: string): boolean {
  if (/^[ \t\r]*(?:\n|$)/.test(next) || LIST_ITEM.test(next)) return true;
  if (line === '' || /[.?!:;][)\]"'”’]*$/.test(line)) return true;
  return line.length < FULL_LINE && !UNFINISHED.test(line);
}

function skipSpace(lines: string, from: number, to: number): number {
  let at = from;
  while (at < to && /\s/.test(lines.charAt(at))) at++;
  return at;
}

/** Without white space at its ends; null when nothing else is there. */
function trimmed(lines: string, from: number, to: number): Span | null {
  const start = skipSpace(lines, from, to);
  let end = to;
  while (end > start && /\s/.test(lines.charAt(end - 1))) end--;
  return start < end ? { start, end } : null;
}
