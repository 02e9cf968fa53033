import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RequestContext } from '@app/common';
import { clientClosed, deadlinePassed } from './scheduler/submission.js';

/** Longest stretch of work before other requests get their turn, milliseconds. */
const TURN_MS = 5;

/**
 * Divides work that is short a step but long in sum: between stretches of 5 ms the event
 * loop turns, and `check` may end the work by throwing.
 */
export class Turns {
  private ends = performance.now() + TURN_MS;

  constructor(private readonly check: () => void = () => undefined) {}

  /** To be awaited before the next step; null, and no promise, while the stretch lasts. */
  pause(): Promise<void> | null {
    return performance.now() < this.ends ? null : this.next();
  }

  private async next(): Promise<void> {
    await nextTurn();
    this.check();
    this.ends = performance.now() + TURN_MS;
  }
}

/** Turns of work for a caller, which ends with INFERENCE_TIMEOUT or CLIENT_CLOSED_REQUEST once it is for nobody. */
export function turnsFor({ signal, deadline }: Pick<RequestContext, 'signal' | 'deadline'>): Turns {
  return new Turns(() => {
    if (signal.aborted) throw clientClosed();
    if (performance.now() >= deadline) throw deadlinePassed();
  });
}

/** `items.map(work)` in turns. Rejects with what `work` throws, or the check of the turns. */
export async function mapInTurns<Item, Result>(
  items: readonly Item[],
  work: (item: Item, index: number) => Result,
  turns = new Turns(),
): Promise<Result[]> {
  const results: Result[] = [];
  for (const [index, item] of items.entries()) {
    const pause = turns.pause();
    if (pause) await pause;
    results.push(work(item, index));
  }
  return results;
}
