/** The class of one word, with its probability and its place (string indices). */
export interface TaggedWord {
  /** `B-X`, `I-X`, `O`, or a plain class name. */
  readonly tag: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

export interface LabelledSpan {
  readonly label: string;
  /** Mean probability of its words, 0–1. */
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

interface OpenSpan {
  readonly label: string;
  readonly start: number;
  end: number;
  sum: number;
  words: number;
}

const PREFIXED = /^([BI])-(.+)$/is;

/**
 * Joins tagged words to spans. `B-X` always starts a span; `I-X` and a plain `X` go on
 * with a span of the same label right before them and start one otherwise. So BIO,
 * IOB1 (where B- only parts neighbours) and tags without prefix are read alike, and an
 * I- without its B- is not lost.
 */
export function decodeSpans(words: Iterable<TaggedWord>): LabelledSpan[] {
  const spans: OpenSpan[] = [];
  let open: OpenSpan | undefined;
  for (const { tag, score, start, end } of words) {
    if (tag.toUpperCase() === 'O') {
      open = undefined;
      continue;
    }
    const [, prefix = 'I', label = tag] = PREFIXED.exec(tag) ?? [];
    if (open !== undefined && open.label === label && prefix.toUpperCase() === 'I') {
      open.end = end;
      open.sum += score;
      open.words++;
    } else {
      open = { label, start, end, sum: score, words: 1 };
      spans.push(open);
    }
  }
  return spans.map(({ label, start, end, sum, words }) => ({
    label,
    score: sum / words,
    start,
    end,
  }));
}
