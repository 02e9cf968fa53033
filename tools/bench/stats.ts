/** Value at share `q` (0–1) of an ascending list; NaN for an empty one. */
export function quantile(ascending: ArrayLike<number>, q: number): number {
  const index = Math.ceil(q * ascending.length) - 1;
  return ascending[Math.max(0, index)] ?? Number.NaN;
}

export interface Quantiles {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly p999: number;
  readonly max: number;
}

export function quantiles(values: readonly number[]): Quantiles {
  const ascending = Float64Array.from(values).sort();
  return {
    count: values.length,
    p50: quantile(ascending, 0.5),
    p99: quantile(ascending, 0.99),
    p999: quantile(ascending, 0.999),
    max: quantile(ascending, 1),
  };
}

/** What repeated rounds of one measurement gave. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** One a round, in order. */
  readonly values: readonly number[];
}

export function spread(values: readonly number[]): Spread {
  const ascending = Float64Array.from(values).sort();
  const middle = ascending.length / 2;
  const median =
    (quantile(ascending, Math.ceil(middle) / ascending.length) +
      (ascending[Math.floor(middle)] ?? Number.NaN)) /
    2;
  return { median, min: quantile(ascending, 0), max: quantile(ascending, 1), values };
}

/**
 * Median over the rounds of `a` ÷ `b`. Both sides of a round are measured one
 * after the other, so what slows the machine for a while cancels out.
 */
export function medianRatio(a: Spread, b: Spread): number {
  return spread(a.values.map((value, round) => value / (b.values[round] ?? Number.NaN))).median;
}

export function formatSpread({ median, min, max }: Spread, digits = 1): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}–${max.toFixed(digits)})`;
}
