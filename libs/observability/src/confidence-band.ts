/**
 * The half-open range of a score, for a label of few values; the last includes 1.
 * @param score a probability, 0–1
 */
export function confidenceBand(score: number): string {
  if (score < 0.5) return '0.0-0.5';
  if (score < 0.7) return '0.5-0.7';
  return score < 0.9 ? '0.7-0.9' : '0.9-1.0';
}
