const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** Waits after the first attempt, the second and so on: those that Standard Webhooks suggests. */
const WAITS_MS = [
  5_000,
  5 * MINUTE,
  30 * MINUTE,
  2 * HOUR,
  5 * HOUR,
  10 * HOUR,
  14 * HOUR,
  20 * HOUR,
  24 * HOUR,
] as const;

/** A wait is shortened or lengthened by up to this share, so that many do not return at once. */
const JITTER = 0.1;

/** However long a receiver asks for. */
export const LONGEST_WAIT_MS = 24 * HOUR;

/** Attempts before a delivery has failed. */
export const MOST_ATTEMPTS = WAITS_MS.length + 1;

/**
 * How long to wait before trying again, in ms; null when that was the last attempt.
 * @param attempts how many there have been, the one that just failed included
 * @param random 0–1
 * @param retryAfterMs the least wait that the receiver asked for
 */
export function retryWaitMs(attempts: number, random: number, retryAfterMs = 0): number | null {
  const wait = WAITS_MS[attempts - 1];
  if (wait === undefined) return null;
  const spread = wait * (1 - JITTER + 2 * JITTER * random);
  return Math.round(Math.min(Math.max(spread, retryAfterMs), LONGEST_WAIT_MS));
}
