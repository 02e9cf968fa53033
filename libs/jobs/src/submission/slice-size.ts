/** Long enough that its bookkeeping is small beside it, short enough to be done again without much ado. */
const SLICE_SECONDS = 5;
const LEAST_ITEMS = 50;
const MOST_ITEMS = 5_000;

/** How many items make a slice of about five seconds. */
export function sliceItems(itemsPerSecond: number): number {
  const items = Math.round(itemsPerSecond * SLICE_SECONDS);
  return Math.min(Math.max(items, LEAST_ITEMS), MOST_ITEMS);
}
