/** What an item weighs: tokens of its sequence, times the rows it brings (1 but for composite inputs). */
export interface Sized {
  readonly length: number;
  readonly units: number;
}

export interface BatchBudget {
  /** Most padded tokens (longest × rows) of one batch. */
  readonly maxBatchTokens: number;
  /** Largest share of those that may be padding, 0–1. */
  readonly maxPaddingWaste: number;
}

/** A batch's size once every item is padded to the longest. */
export interface BatchShape {
  readonly longest: number;
  readonly rows: number;
  /** Tokens that are not padding. */
  readonly tokens: number;
}

/** Cost of a shape: the tokens a device computes, padding included. */
export function paddedTokens(shape: BatchShape): number {
  return shape.longest * shape.rows;
}

/** Share of a batch that is padding, 0–1. */
export function paddingWaste(shape: BatchShape): number {
  return 1 - shape.tokens / paddedTokens(shape);
}

export function shapeOf(items: readonly Sized[]): BatchShape {
  return items.reduce(grow, { longest: 0, rows: 0, tokens: 0 });
}

/**
 * Chooses who travels with `head`. The head always goes, alone if it exceeds
 * the budget by itself: it has waited longest, and refusing it here would let
 * it wait for ever. The rest is taken by likeness of length, because a CPU
 * gains little from larger batches and loses every padded token.
 *
 * @param candidates waiting items of the same model, in the order they are to be preferred when equally long
 * @returns the head first, then the chosen candidates
 */
export function formBatch<T extends Sized>(
  head: T,
  candidates: readonly T[],
  budget: BatchBudget,
): T[] {
  const batch = [head];
  let shape = shapeOf(batch);
  if (paddedTokens(shape) >= budget.maxBatchTokens) return batch;

  const byLikeness = candidates
    .map((item, order) => ({ item, order, difference: Math.abs(item.length - head.length) }))
    .sort((a, b) => a.difference - b.difference || a.order - b.order);
  for (const { item } of byLikeness) {
    const grown = grow(shape, item);
    if (paddedTokens(grown) > budget.maxBatchTokens) continue;
    if (paddingWaste(grown) > budget.maxPaddingWaste) continue;
    batch.push(item);
    shape = grown;
  }
  return batch;
}

function grow(shape: BatchShape, item: Sized): BatchShape {
  return {
    longest: Math.max(shape.longest, item.length),
    rows: shape.rows + item.units,
    tokens: shape.tokens + item.length * item.units,
  };
}
