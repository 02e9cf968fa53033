/** Figures of one class; NaN where nothing was there to count. */
export interface ClassFigure {
  readonly label: string;
  /** How many examples are of the class. */
  readonly support: number;
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

export interface ClassFigures {
  readonly accuracy: number;
  /** Mean F1 of the classes that occur, expected or answered. */
  readonly macroF1: number;
  readonly perClass: readonly ClassFigure[];
}

/**
 * One answer as counts of a confusion matrix: rows expected, columns answered, row by row.
 * @throws Error for a label that is none of `labels`
 */
export function confusionOf(
  labels: readonly string[],
  expected: string,
  answered: string,
): Float64Array {
  const [row, column] = [labels.indexOf(expected), labels.indexOf(answered)];
  if (row < 0 || column < 0)
    throw new Error(`${expected} or ${answered} is none of ${labels.join(', ')}`);
  const counts = new Float64Array(labels.length ** 2);
  counts[row * labels.length + column] = 1;
  return counts;
}

/** @param confusion as `confusionOf` lays it out */
export function classFigures(labels: readonly string[], confusion: Float64Array): ClassFigures {
  const size = labels.length;
  const cell = (row: number, column: number): number => confusion[row * size + column] ?? 0;
  let right = 0;
  let all = 0;
  const perClass = labels.map((label, i) => {
    let support = 0;
    let answered = 0;
    for (let j = 0; j < size; j++) {
      support += cell(i, j);
      answered += cell(j, i);
    }
    const hits = cell(i, i);
    right += hits;
    all += support;
    return {
      label,
      support,
      precision: hits / answered,
      recall: hits / support,
      f1: (2 * hits) / (answered + support),
    };
  });
  const defined = perClass.filter(({ f1 }) => !Number.isNaN(f1));
  const macroF1 = defined.reduce((sum, { f1 }) => sum + f1, 0) / defined.length;
  return { accuracy: right / all, macroF1, perClass };
}
