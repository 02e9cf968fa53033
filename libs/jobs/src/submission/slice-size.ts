/** Long enough that its bookkeeping is small beside it, short enough to be done again without much ado. */
const SLICE_SECONDS = 5;
const LEAST_ITEMS = 50;
/**
 * Five seconds of 8,000 items a second in two slots. A slice's results are held, sealed and
 * stored as one row, and unsealed for every page of them: so many lines of some hundred bytes
 * are a few megabytes.
 */
const MOST_ITEMS = 20_000;

/**
 * How many items make a slice of about five seconds where so many are worked on at once.
 * Were it five seconds of all workers together, a tenant that comes late would wait
 * for several such slices, and who has a small share would get one a minute.
 * @param itemsPerSecond of all workers together
 */
export function sliceItems(itemsPerSecond: number, slots: number): number {
  const items = Math.round((itemsPerSecond * SLICE_SECONDS) / Math.max(slots, 1));
  return Math.min(Math.max(items, LEAST_ITEMS), MOST_ITEMS);
}
