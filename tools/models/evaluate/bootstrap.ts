import { quantile } from '../../bench/stats.js';

/** A 95 % interval; NaN on both sides where the statistic is undefined. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** A statistic with its 95 % interval. */
export interface Estimate extends Interval {
  readonly value: number;
}

/** Resamples a figure's interval is read from. */
export const ROUNDS = 1000;
/** Fixed, so that the same answers give the same intervals everywhere. */
export const SEED = 1;

/**
 * Estimates with percentile bootstrap intervals. What is drawn with replacement is
 * whole groups: sentences of one note resemble each other, and drawn singly they
 * would make the intervals look narrower than they are.
 * @param groups counts of each group, all of the same length
 * @param statistics of summed counts; NaN where one is undefined. Always as many.
 */
export function bootstrap(
  groups: readonly Float64Array[],
  statistics: (counts: Float64Array) => readonly number[],
): Estimate[] {
  const width = groups[0]?.length ?? 0;
  const total = new Float64Array(width);
  for (const group of groups) add(total, group);
  const values = statistics(total);
  const samples = values.map(() => [] as number[]);
  const random = mulberry32(SEED);
  const sum = new Float64Array(width);
  for (let round = 0; round < ROUNDS; round++) {
    sum.fill(0);
    for (let i = 0; i < groups.length; i++) {
      const group = groups[Math.floor(random() * groups.length)];
      if (group) add(sum, group);
    }
    for (const [i, value] of statistics(sum).entries()) {
      // A resample may hold no example of a class: that says nothing about its figure.
      if (!Number.isNaN(value)) samples[i]?.push(value);
    }
  }
  return values.map((value, i) => {
    const ascending = Float64Array.from(samples[i] ?? []).sort();
    return { value, low: quantile(ascending, 0.025), high: quantile(ascending, 0.975) };
  });
}

/** Sums the counts of items that share a key; an item without one is a group of its own. */
export function groupCounts<T>(
  items: readonly T[],
  keyOf: (item: T) => string | undefined,
  countsOf: (item: T) => Float64Array,
): Float64Array[] {
  const byKey = new Map<string, Float64Array>();
  const groups: Float64Array[] = [];
  for (const item of items) {
    const key = keyOf(item);
    const counts = countsOf(item);
    const group = key === undefined ? undefined : byKey.get(key);
    if (group) {
      add(group, counts);
      continue;
    }
    groups.push(counts);
    if (key !== undefined) byKey.set(key, counts);
  }
  return groups;
}

function add(sum: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (counts[i] ?? 0);
}

/** Mulberry32, a small generator of 32 bits of state: numbers from 0 to 1. */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let value = Math.imul(state ^ (state >>> 15), state | 1);
    value ^= value + Math.imul(value ^ (value >>> 7), value | 61);
    return ((value ^ (value >>> 14)) >>> 0) / 2 ** 32;
  };
}
