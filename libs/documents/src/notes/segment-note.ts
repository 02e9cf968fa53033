import { Turns, type Span } from '@app/inference';
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
 * @throws what the check of the turns throws
 */
export async function segmentNote(text: string, turns = new Turns()): Promise<SegmentedNote> {
  const lines = restoreLineBreaks(text);
  const headings = findHeadings(lines);
  const sections: NoteSection[] = [];
  const sentences: NoteSentence[] = [];
  for (const { heading, start, end } of stretches(lines, headings)) {
    const section = sections.length;
    const first = sentences.length;
    // The heading and the white space behind it stay with the first sentence.
    const body = heading ? skipSpace(lines, heading.end, end) : start;
    let at = start;
    for (const cut of cutsOf(lines, body, end)) {
      const pause = turns.pause();
      if (pause) await pause;
      const span = trimmed(lines, at, cut);
      if (span) sentences.push({ ...span, section });
      at = cut;
    }
    const [from, to] = [sentences[first], sentences.at(-1)];
    if (from && to)
      sections.push({ title: heading?.title ?? null, start: from.start, end: to.end });
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

/** Where the sentences of a passage end, each found when it is asked for. */
function* cutsOf(lines: string, body: number, end: number): Generator<number> {
  let from = body;
  for (const to of lineEnds(lines, body, end)) {
    yield* sentenceEnds(lines, from, to);
    yield to;
    from = to;
  }
}

/** The line breaks that part sentences, as indices of the next line, and `to`. */
function* lineEnds(lines: string, from: number, to: number): Generator<number> {
  // A heading before the text is part of what fills its line.
  const before = lines.slice(Math.max(0, from - FULL_LINE), from);
  let lineStart = from - before.length + before.lastIndexOf('\n') + 1;
  for (let at = lines.indexOf('\n', from); at !== -1 && at < to; at = lines.indexOf('\n', at + 1)) {
    const line = lines.slice(lineStart, at).trimEnd();
    const next = lines.slice(at + 1, Math.min(to, at + 80));
    if (parts(line, next)) yield at + 1;
    lineStart = at + 1;
  }
  yield to;
}

function parts(line: string, next: string): boolean {
  if (/^[ \t\r]*(?:\n|$)/.test(next) || LIST_ITEM.test(next)) return true;
  // What another mark at its end means is judged as it is within a line.
  if (line === '' || /:[)\]"'”’]*$/.test(line)) return true;
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
