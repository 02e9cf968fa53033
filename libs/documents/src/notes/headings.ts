import type { Span } from '@app/inference';

/** A heading up to and including its colon, where it has one. */
export interface Heading extends Span {
  readonly title: string;
}

/** Names of sections that count as headings in any case of letters, and short ones. */
const KNOWN = [
  'chief complaint',
  'cc',
  'reason for (?:visit|consultation|consult|admission|referral)',
  '(?:history of (?:the )?)?present(?:ing)? illness',
  'hpi',
  '(?:brief |interval )?history',
  'past (?:medical|surgical|psychiatric|ob(?:stetric)?) history',
  'pmhx?',
  'pshx?',
  '(?:family|social|birth|surgical|medical|developmental) history',
  'fhx?',
  'shx?',
  '(?:current |home |discharge |admission )?medications?(?: list)?',
  'meds',
  '(?:drug )?allergies',
  'review of systems',
  'ros',
  'physical exam(?:ination)?',
  'exam(?:ination)?',
  'vital signs',
  'vitals',
  'lab(?:oratory)?(?: data| results| studies)?',
  'labs',
  'imaging(?: studies)?',
  'radiology',
  'indications?(?: for (?:the )?procedure)?',
  'technique',
  'comparison',
  'findings',
  'impression',
  '(?:clinical |final )?assessment(?: (?:and|&) plan)?',
  'assessment/plan',
  'a/?p',
  'plan(?: of care)?',
  'recommendations?',
  '(?:hospital|emergency department|ed|clinical) course',
  '(?:(?:pre|post)-?operative |admission |admitting |discharge |final |differential )?diagnos[ei]s',
  '(?:operation|procedure)s?(?: performed)?',
  '(?:discharge |follow-?up )?instructions',
  'disposition',
  'condition (?:at|on) discharge',
  'follow[- ]?up',
  'subjective',
  'objective',
].join('|');
/** Read as a heading only with its colon: on a line of its own it may be an embolism in a list. */
const PHYSICAL_EXAM = 'pe';

/** A heading begins a line, or stands right behind the end of a sentence. */
const PLACE = `(?<=^[ \\t]*|[.?!][)"']?[ \\t]*)`;
/** Not the colon of a time or of a ratio. */
const COLON = `[ \\t]*:(?!\\d)`;

// Letters are looked for before the place, which is found by looking back over blanks.
const IN_CAPITALS = new RegExp(
  `(?=[A-Z])${PLACE}(?=[^:\\n]{0,60}[A-Z]{3})[A-Z][A-Z\\d \\t/&'’(),#+-]{1,60}${COLON}`,
  'gm',
);
const BY_NAME = new RegExp(`(?=[a-z])${PLACE}(?:${KNOWN}|${PHYSICAL_EXAM})${COLON}`, 'gim');
const ALONE_ON_ITS_LINE = new RegExp(`^[ \\t]*(?:${KNOWN})[ \\t]*$`, 'gim');

/** @param lines a note with its lines as they were; the headings in order */
export function findHeadings(lines: string): Heading[] {
  const found = [IN_CAPITALS, BY_NAME, ALONE_ON_ITS_LINE].flatMap((pattern) =>
    Array.from(lines.matchAll(pattern), (match) => headingAt(match.index, match[0])),
  );
  found.sort((a, b) => a.start - b.start || b.end - a.end);
  const headings: Heading[] = [];
  for (const heading of found) {
    if (heading.start >= (headings.at(-1)?.end ?? 0)) headings.push(heading);
  }
  return headings;
}

function headingAt(index: number, match: string): Heading {
  const start = index + match.length - match.trimStart().length;
  const title = match.trim().replace(/[\s,]*:$/, '');
  return { title, start, end: index + match.trimEnd().length };
}
