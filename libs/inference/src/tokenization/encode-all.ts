import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EncodeOptions, Encoding, Tokenizer } from './tokenizer.js';

/** Longest stretch of work before other requests get their turn, milliseconds. */
const TURN_MS = 5;

export interface EncodeItem {
  readonly text: string;
  readonly options: EncodeOptions;
}

/**
 * Encodes many texts without keeping the event loop from others; order kept.
 * Rejects with the error of the first item that fails; a caller that wants a result for
 * each of them uses `mapInTurns`.
 * @throws DomainError TEXT_TOO_LONG
 */
export function encodeAll(
  tokenizer: Tokenizer,
  items: readonly EncodeItem[],
  signal?: AbortSignal,
): Promise<Encoding[]> {
  return mapInTurns(items, ({ text, options }) => tokenizer.encode(text, options), signal);
}

/**
 * `items.map(work)` for work that is short an item but long in sum: lets the event loop
 * turn every 5 ms. Rejects with what `work` throws, or the signal's reason once aborted.
 */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Result,
  signal?: AbortSignal,
): Promise<Result[]> {
  const results: Result[] = [];
  let turnEnds = performance.now() + TURN_MS;
  for (const [index, item] of items.entries()) {
    if (performance.now() >= turnEnds) {
      await nextTurn();
      signal?.throwIfAborted();
      turnEnds = performance.now() + TURN_MS;
    }
    results.push(work(item, index));
  }
  return results;
}
