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
  return items.reduce<BatchShape>(grow, { longest: 0, rows: 0, tokens: 0 });
}

/** What a run costs whatever it holds, as a share of a full batch's tokens: measured 1/18 to 1/32 on a CPU. */
const FIXED_COST_SHARE = 1 / 32;

/**
 * Chooses who travels with `head`. The head always goes, alone if it exceeds
 * the budget by itself: it has waited longest, and refusing it here would let
 * it wait for ever. Of the batches of neighbours in length that hold it, the
 * one with the most real tokens for its cost is taken: a fuller one shares a
 * run's fixed cost among more, and pays for every padded token.
 *
 * @param candidates waiting items of the same model, in the order they are to be preferred when equally long
 * @returns the head first, then the chosen candidates
 */
export function formBatch<T extends Sized>(
  head: T,
  candidates: readonly T[],
  budget: BatchBudget,
): T[] {
  const alone = shapeOf([head]);
  if (paddedTokens(alone) >= budget.maxBatchTokens) return [head];

  const order = [...candidates.keys()];
  const length = (i: number): number => candidates[i]?.length ?? 0;
  const longer = order
    .filter((i) => length(i) > head.length)
    .sort((a, b) => length(a) - length(b) || a - b);
  const others = order
    .filter((i) => length(i) <= head.length)
    .sort((a, b) => length(b) - length(a) || a - b);

  const fixedCost = budget.maxBatchTokens * FIXED_COST_SHARE;
  let best = { longer: 0, others: 0, yield: 0 };
  let withLonger = alone;
  for (let taken = 0; taken <= longer.length; taken++) {
    if (taken > 0) withLonger = grow(withLonger, candidates[longer[taken - 1] ?? -1]);
    if (paddedTokens(withLonger) > budget.maxBatchTokens) break;
    let shape = withLonger;
    for (let more = 0; more <= others.length; more++) {
      if (more > 0) shape = grow(shape, candidates[others[more - 1] ?? -1]);
      if (paddedTokens(shape) > budget.maxBatchTokens) break;
      if (paddingWaste(shape) > budget.maxPaddingWaste) break;
      const gain = shape.tokens / (paddedTokens(shape) + fixedCost);
      if (gain > best.yield) best = { longer: taken, others: more, yield: gain };
    }
  }
  const chosen = [...longer.slice(0, best.longer), ...others.slice(0, best.others)];
  return [head, ...chosen.flatMap((i) => candidates[i] ?? [])];
}

function grow(shape: BatchShape, item: Sized | undefined): BatchShape {
  if (!item) return shape;
  return {
    longest: Math.max(shape.longest, item.length),
    rows: shape.rows + item.units,
    tokens: shape.tokens + item.length * item.units,
  };
}
