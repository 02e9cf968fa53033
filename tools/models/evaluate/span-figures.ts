/** A stretch of text of one class; code points. */
export interface TypedSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}

/** Of one set of spans against another; NaN where nothing was there to count. */
export interface SpanFigure {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Counts a label has in `spanCounts`: of real and claimed spans, and of those matched strictly and by overlap. */
const PER_LABEL = 5;
const [REAL, CLAIMED, STRICT, CLAIMED_OVERLAP, REAL_OVERLAP] = [0, 1, 2, 3, 4] as const;

/** What one text adds to the counts of each label, five a label. */
export function spanCounts(
  labels: readonly string[],
  real: readonly TypedSpan[],
  claimed: readonly TypedSpan[],
): Float64Array {
  const counts = new Float64Array(labels.length * PER_LABEL);
  const count = (label: string, what: number): void => {
    const at = labels.indexOf(label) * PER_LABEL + what;
    counts[at] = (counts[at] ?? 0) + 1;
  };
  for (const span of real) {
    count(span.label, REAL);
    if (claimed.some((other) => isSame(span, other))) count(span.label, STRICT);
    if (claimed.some((other) => overlaps(span, other))) count(span.label, REAL_OVERLAP);
  }
  for (const span of claimed) {
    count(span.label, CLAIMED);
    if (real.some((other) => overlaps(span, other))) count(span.label, CLAIMED_OVERLAP);
  }
  return counts;
}

/** Start, end and type all right. @param label left out: all labels together (micro average) */
export function strictFigure(counts: Float64Array, label?: number): SpanFigure {
  const { [STRICT]: right, [CLAIMED]: claimed, [REAL]: real } = sumOf(counts, label);
  return { precision: right / claimed, recall: right / real, f1: (2 * right) / (claimed + real) };
}

/** Type right and at least one character shared. */
export function lenientFigure(counts: Float64Array, label?: number): SpanFigure {
  const sum = sumOf(counts, label);
  const precision = sum[CLAIMED_OVERLAP] / sum[CLAIMED];
  const recall = sum[REAL_OVERLAP] / sum[REAL];
  const none = sum[CLAIMED_OVERLAP] + sum[REAL_OVERLAP] === 0;
  const f1 = none
    ? strictFigure(counts, label).f1
    : (2 * precision * recall) / (precision + recall);
  return { precision, recall, f1 };
}

/** How many real spans there are. */
export function support(counts: Float64Array, label?: number): number {
  return sumOf(counts, label)[REAL];
}

export function isSame(a: TypedSpan, b: TypedSpan): boolean {
  return a.start === b.start && a.end === b.end && a.label === b.label;
}

export function overlaps(a: TypedSpan, b: TypedSpan): boolean {
  return a.label === b.label && a.start < b.end && b.start < a.end;
}

function sumOf(
  counts: Float64Array,
  label: number | undefined,
): [number, number, number, number, number] {
  const sum: [number, number, number, number, number] = [0, 0, 0, 0, 0];
  for (let i = 0; i < counts.length; i++) {
    if (label !== undefined && Math.floor(i / PER_LABEL) !== label) continue;
    const what = (i % PER_LABEL) as 0 | 1 | 2 | 3 | 4;
    sum[what] += counts[i] ?? 0;
  }
  return sum;
}
