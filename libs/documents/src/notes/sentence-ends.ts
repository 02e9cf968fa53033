import { abbreviationKind } from './abbreviations.js';

/** `.`, `?`, `!`, repeated, with the brackets and quotes that close behind them. */
const MARK = /[.?!]+[)\]"'”’]*/g;
/** Words that begin a sentence even behind what might be an initial: `hepatitis C. He …`. */
const OPENER = /^(?:he|she|it|they|we|i|the|this|these|there|his|her|patient|no|denies|on)\b/i;
/** Words that a name follows. */
const BEFORE_A_NAME = /^(?:by|with|and|from|to|for|of)$/i;
const LAST_WORD = /[\p{L}\p{N}.'’-]*$/u;
const LIST_NUMBER = /\(?(\d{1,2})[.)](?!\d)/y;
/** Characters looked at on either side of a mark. */
const REACH = 40;

/**
 * Where the sentences of a passage part, its own end not among them: behind closing marks, and
 * before the numbers of a list within a line. Each is found when it is asked for.
 */
export function* sentenceEnds(text: string, from: number, to: number): Generator<number> {
  let start = skipBlanks(text, from, to);
  let item = listNumberAt(text, start);
  for (const match of text.slice(from, to).matchAll(MARK)) {
    const mark = from + match.index;
    const end = mark + match[0].length;
    if (end >= to) break;
    const context = contextOf(text, start, mark, end, to);
    const at = endAt(context, item, start, mark, end);
    if (at === null) continue;
    yield at;
    start = skipBlanks(text, at, to);
    item = listNumberAt(text, start);
  }
}

/** Where a sentence ends on account of a mark; null when it does not. */
function endAt(
  context: Context,
  item: number | null,
  start: number,
  mark: number,
  end: number,
): number | null {
  const { word, after } = context;
  if (item !== null && word === String(item + 1) && /^\s+\p{L}/u.test(after)) {
    return mark - word.length > start ? mark - word.length : null;
  }
  return closes(context) ? end : null;
}

/** What stands around a mark. */
interface Context {
  readonly mark: string;
  /** Of the same sentence, as far as it matters. */
  readonly before: string;
  /** The last word before the mark. */
  readonly word: string;
  readonly after: string;
  /** `after` without the white space in front. */
  readonly next: string;
  /** Whether all the sentence has is `1.`, `(2)` or `a.`. */
  readonly isListNumber: boolean;
}

function contextOf(text: string, start: number, mark: number, end: number, to: number): Context {
  const before = text.slice(Math.max(start, mark - REACH), mark);
  const after = text.slice(end, Math.min(to, end + REACH));
  return {
    mark: text.slice(mark, end),
    before,
    word: LAST_WORD.exec(before)?.[0] ?? '',
    after,
    next: after.trimStart(),
    isListNumber: mark - start <= 3 && /^\(?(?:\d{1,2}|\p{L})$/u.test(text.slice(start, mark)),
  };
}

function closes(context: Context): boolean {
  const { mark, before, word, after, next, isListNumber } = context;
  if (next === '') return after.length === REACH;
  if (next.length === after.length) return lacksSpace(context);
  // A lone question mark is doubt about what follows: `? pneumonia`.
  if (/[?!]/.test(mark)) return !/^\p{Ll}/u.test(next) && /\S$/.test(before);
  if (isListNumber) return false;
  if (/^\p{Ll}/u.test(next)) return !mark.startsWith('..') && isPlainWord(word);
  // Never inside a number, even one with a space in it.
  if (/\d$/.test(word) && /^\d/.test(next)) return /^[ \t\r]*\n/.test(after);
  const kind = abbreviationKind(word);
  if (kind === 'before something') return false;
  if (/^no$/i.test(word)) return !/^\d/.test(next);
  if (kind === 'anywhere') return /^\p{Lu}/u.test(next);
  return !isInitial(before, word, next);
}

/** `improving.She denies`: whole words on both sides, so no name, number or abbreviation. */
function lacksSpace({ mark, word, next }: Context): boolean {
  return (
    mark.startsWith('.') && /^\p{L}?\p{Ll}{2,}$/u.test(word) && /^\p{Lu}\p{Ll}+[\s,]/u.test(next)
  );
}

/** A word that is surely none shortened, so that a period behind it ends a sentence. */
function isPlainWord(word: string): boolean {
  return /^(?:[\p{L}'’-]{3,}|\d+)$/u.test(word) && abbreviationKind(word) === null;
}

/** One capital between names: `John Q. Smith`. */
function isInitial(before: string, word: string, next: string): boolean {
  if (!/^\p{Lu}$/u.test(word) || OPENER.test(next)) return false;
  const previous = LAST_WORD.exec(before.slice(0, -word.length).trimEnd())?.[0] ?? '';
  return /^\p{Lu}/u.test(next) && (/^(?:$|\p{Lu})/u.test(previous) || BEFORE_A_NAME.test(previous));
}

function listNumberAt(text: string, at: number): number | null {
  LIST_NUMBER.lastIndex = at;
  const number = LIST_NUMBER.exec(text)?.[1];
  return number === undefined ? null : Number(number);
}

function skipBlanks(text: string, from: number, to: number): number {
  let at = from;
  while (at < to && /\s/.test(text.charAt(at))) at++;
  return at;
}
