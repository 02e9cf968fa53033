const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 30_000;
const LONGEST_ASKED_MS = 600_000;

/**
 * How long to wait before the next try, ms: as the service asks, else longer
 * every time, with jitter, so that many clients do not come back at once.
 *
 * @param failures tries that have failed in a row, 1 or more
 * @param retryAfter the header: seconds or a date
 */
export function retryWaitMs(
  failures: number,
  retryAfter: string | null,
  now = Date.now(),
  random = Math.random(),
): number {
  const asked = askedMs(retryAfter, now);
  if (asked !== null) return Math.min(Math.max(asked, 0), LONGEST_ASKED_MS);
  const most = Math.min(FIRST_WAIT_MS * 2 ** (failures - 1), LONGEST_WAIT_MS);
  return most * (0.5 + random / 2);
}

function askedMs(retryAfter: string | null, now: number): number | null {
  if (retryAfter === null) return null;
  if (/^\d{1,9}$/.test(retryAfter)) return Number(retryAfter) * 1_000;
  const date = Date.parse(retryAfter);
  return Number.isNaN(date) ? null : date - now;
}
