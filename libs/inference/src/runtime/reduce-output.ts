import { RunFailedError, type OutputReduction } from './runtime.js';

/** A model's output for one batch. */
export interface ModelOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface ReducedShape {
  /** Values of an item, or of each of its tokens for `tokens`. */
  readonly width: number;
  /** Values of the whole batch. */
  readonly count: number;
}

/**
 * @param padded the width of the padded batch
 * @throws RunFailedError when the output is not what the reduction reads
 */
export function reducedShape(
  reduce: OutputReduction,
  dims: readonly number[],
  lengths: Int32Array,
  padded: number,
): ReducedShape {
  const items = lengths.length;
  const expected = reduce.kind === 'row' ? [items, null] : [items, padded, null];
  const fits =
    dims.length === expected.length && expected.every((n, i) => n === null || n === dims[i]);
  if (!fits) {
    throw new RunFailedError(
      `the model's output has the shape [${dims.join(', ')}]: ` +
        `reading it as ${reduce.kind} needs [${expected.map((n) => n ?? 'any').join(', ')}]`,
    );
  }
  const width = dims.at(-1) ?? 0;
  if (reduce.kind !== 'tokens') return { width, count: items * width };
  let tokens = 0;
  for (const length of lengths) tokens += length;
  return { width, count: tokens * width };
}

/** Writes each item's values to `into`, one item after the other, leaving out all padding. */
export function reduceOutput(
  reduce: OutputReduction,
  output: ModelOutput,
  lengths: Int32Array,
  padded: number,
  into: Float32Array,
): void {
  const { data } = output;
  const width = output.dims.at(-1) ?? 0;
  switch (reduce.kind) {
    case 'row':
      into.set(data);
      return;
    case 'tokens': {
      let to = 0;
      lengths.forEach((length, item) => {
        const from = item * padded * width;
        into.set(data.subarray(from, from + length * width), to);
        to += length * width;
      });
      return;
    }
    case 'cls':
    case 'mean': {
      const sums = new Float64Array(width);
      lengths.forEach((length, item) => {
        const from = item * padded * width;
        const row = into.subarray(item * width, (item + 1) * width);
        if (reduce.kind === 'cls') row.set(data.subarray(from, from + width));
        else row.set(mean(data.subarray(from, from + length * width), length, sums));
        if (reduce.normalize) normalize(row);
      });
    }
  }
}

/** @param sums scratch of the row's width, so that a batch allocates once */
function mean(rows: Float32Array, count: number, sums: Float64Array): Float64Array {
  const width = sums.length;
  sums.fill(0);
  for (let row = 0, at = 0; row < count; row++) {
    for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) + (rows[at++] ?? 0);
  }
  for (let i = 0; i < width; i++) sums[i] = (sums[i] ?? 0) / count;
  return sums;
}

/** To length 1; a row of zeros stays as it is. */
function normalize(row: Float32Array): void {
  let squares = 0;
  for (const value of row) squares += value * value;
  if (squares === 0) return;
  const scale = 1 / Math.sqrt(squares);
  for (let i = 0; i < row.length; i++) row[i] = (row[i] ?? 0) * scale;
}
