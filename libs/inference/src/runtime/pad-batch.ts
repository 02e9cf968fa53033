import { RunFailedError } from './runtime.js';

/** The model's int64 inputs, [items, width], padded at the end with id 0. */
export interface PaddedBatch {
  readonly items: number;
  /** The longest item's tokens. */
  readonly width: number;
  readonly ids: BigInt64Array;
  /** 1 where there is a token, 0 where there is padding. */
  readonly mask: BigInt64Array;
}

/**
 * @param ids of all items, one after the other
 * @throws RunFailedError for what the model would not refuse itself: it wraps negative ids,
 * and reads an empty batch as an answer. Names positions, never ids: those are the text.
 */
export function padBatch(
  lengths: Int32Array,
  ids: Int32Array,
  limits: { readonly vocabSize: number; readonly maxTokens: number },
): PaddedBatch {
  const items = lengths.length;
  if (items === 0) throw new RunFailedError('the batch is empty: give at least one item');
  let width = 0;
  for (let item = 0; item < items; item++) {
    const length = lengths[item] ?? 0;
    if (length < 1 || length > limits.maxTokens) {
      throw new RunFailedError(
        `item ${item} has ${length} tokens: give 1 to ${limits.maxTokens} (the model's limit)`,
      );
    }
    if (length > width) width = length;
  }

  const padded = new BigInt64Array(items * width);
  const mask = new BigInt64Array(items * width);
  // Writing the low words avoids a BigInt per token; ids are not negative, so the high ones stay 0.
  const idWords = new Int32Array(padded.buffer);
  const maskWords = new Int32Array(mask.buffer);
  let from = 0;
  for (let item = 0; item < items; item++) {
    const length = lengths[item] ?? 0;
    let to = item * width * 2;
    for (let token = 0; token < length; token++) {
      const id = ids[from++] ?? -1;
      if (id < 0 || id >= limits.vocabSize) {
        throw new RunFailedError(
          `item ${item} has an id outside the vocabulary at token ${token}: ids are 0 to ${limits.vocabSize - 1}`,
        );
      }
      idWords[to] = id;
      maskWords[to] = 1;
      to += 2;
    }
  }
  return { items, width, ids: padded, mask };
}
