/** A batch, as positions in the list of sequences. */
export type Batch = readonly number[];

/** Batches of one, in order. */
export function singles(count: number): Batch[] {
  return Array.from({ length: count }, (_, i) => [i]);
}

/** Batches of `size` in the order of arrival, whatever their lengths. */
export function arrivalOrder(count: number, size: number): Batch[] {
  const batches: Batch[] = [];
  for (let start = 0; start < count; start += size) {
    const length = Math.min(size, count - start);
    batches.push(Array.from({ length }, (_, i) => start + i));
  }
  return batches;
}

/**
 * The least padding there can be: sorted by length and cut where the padded
 * tokens (longest × count) would pass `budget`. A longer sequence stands alone.
 */
export function lengthSorted(lengths: readonly number[], budget: number): Batch[] {
  const order = lengths
    .map((_, i) => i)
    .sort((a, b) => lengthAt(lengths, a) - lengthAt(lengths, b));
  const batches: number[][] = [];
  let current: number[] = [];
  for (const i of order) {
    if (current.length > 0 && lengthAt(lengths, i) * (current.length + 1) > budget) {
      batches.push(current);
      current = [];
    }
    current.push(i);
  }
  if (current.length > 0) batches.push(current);
  return batches;
}

function lengthAt(lengths: readonly number[], i: number): number {
  return lengths[i] ?? 0;
}
