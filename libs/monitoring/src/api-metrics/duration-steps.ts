/** Each step ends √2 times as far as the one before; the first at 1 ms, the last but one at 65.5 s. */
const STEPS_PER_DOUBLING = 2;
export const DURATION_STEPS = 34;

/** The step a duration falls into, counted from 0. */
export function stepOf(ms: number): number {
  if (!(ms > 1)) return 0;
  return Math.min(Math.ceil(STEPS_PER_DOUBLING * Math.log2(ms)), DURATION_STEPS - 1);
}

/**
 * The duration that a share of the requests stayed under, ms: the geometric
 * middle of its step, so within 19 % of the true one from 1 ms to 65 s. Null
 * when there are no requests.
 *
 * @param counts requests by step
 * @param maxMs the longest of them
 */
export function quantile(counts: readonly number[], share: number, maxMs: number): number | null {
  const total = counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = Math.max(1, Math.ceil(share * total));
  let seen = 0;
  for (const [step, count] of counts.entries()) {
    seen += count;
    if (seen >= rank) return Math.min(middleOf(step), maxMs);
  }
  return maxMs;
}

function middleOf(step: number): number {
  if (step === 0) return 1;
  if (step === DURATION_STEPS - 1) return Infinity;
  return 2 ** ((step - 0.5) / STEPS_PER_DOUBLING);
}
