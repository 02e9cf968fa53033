/**
 * Calibrated probabilities, in double precision: softmax(logits / temperature).
 * @param logits finite values; classes `from` to `from + count` (exclusive) of them are read
 */
export function softmax(
  logits: Float32Array,
  temperature: number,
  from = 0,
  count = logits.length,
): number[] {
  let highest = -Infinity;
  for (let i = from; i < from + count; i++) highest = Math.max(highest, logits[i] ?? -Infinity);
  const exponentials: number[] = [];
  let sum = 0;
  for (let i = from; i < from + count; i++) {
    // Never above exp(0): no overflow whatever the logits.
    const value = Math.exp(((logits[i] ?? -Infinity) - highest) / temperature);
    exponentials.push(value);
    sum += value;
  }
  return exponentials.map((value) => value / sum);
}

/** Position of the highest value; of the first when several are equal. */
export function argmax(values: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] ?? -Infinity) > (values[best] ?? -Infinity)) best = i;
  }
  return best;
}
