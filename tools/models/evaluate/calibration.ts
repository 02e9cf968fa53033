/** One answer as far as its probabilities matter. */
export interface ScoredAnswer {
  /** Probability of the answered label, 0–1. */
  readonly score: number;
  readonly right: boolean;
  /** Probability of each label. */
  readonly probabilities: Readonly<Record<string, number>>;
  readonly expected: string;
}

/** Answers whose score lies in (low, high]. */
export interface ReliabilityBin {
  readonly low: number;
  readonly high: number;
  readonly count: number;
  /** Mean score and share of right answers; NaN in an empty bin. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** Bins of equal width over 0–1, by the score of the answered label. */
export function reliabilityBins(
  answers: readonly Pick<ScoredAnswer, 'score' | 'right'>[],
  count: number,
): ReliabilityBin[] {
  const sums = Array.from({ length: count }, () => ({ count: 0, score: 0, right: 0 }));
  for (const { score, right } of answers) {
    const sum = sums[Math.min(count - 1, Math.max(0, Math.ceil(score * count) - 1))];
    if (!sum) continue;
    sum.count++;
    sum.score += score;
    if (right) sum.right++;
  }
  return sums.map((sum, i) => ({
    low: i / count,
    high: (i + 1) / count,
    count: sum.count,
    confidence: sum.score / sum.count,
    accuracy: sum.right / sum.count,
  }));
}

/** Expected calibration error: mean gap between score and accuracy, bins weighted by their answers. */
export function calibrationError(bins: readonly ReliabilityBin[]): number {
  const all = bins.reduce((sum, { count }) => sum + count, 0);
  return bins
    .filter(({ count }) => count > 0)
    .reduce((sum, bin) => sum + (bin.count / all) * Math.abs(bin.confidence - bin.accuracy), 0);
}

/** Mean squared distance of the probabilities from the truth, summed over the labels: 0 best, 2 worst. */
export function brierScore(answers: readonly ScoredAnswer[]): number {
  let sum = 0;
  for (const { probabilities, expected } of answers) {
    for (const [label, probability] of Object.entries(probabilities)) {
      sum += (probability - (label === expected ? 1 : 0)) ** 2;
    }
  }
  return sum / answers.length;
}
