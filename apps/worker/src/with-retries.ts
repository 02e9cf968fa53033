import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError } from '@app/common';
import { ERROR_FATES } from './error-fate.js';

/** A quarter of a minute in all: an overload or a restart is over by then, or it is no short one. */
const MOST_TRIES = 6;
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** Does `work` again while its failure may pass by itself. @throws its last error, or the signal's reason */
export async function withRetries<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1, pause = FIRST_PAUSE_MS; ; tries++, pause *= 2) {
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      const passes = error instanceof DomainError && ERROR_FATES[error.code] === 'retry';
      if (!passes || tries >= MOST_TRIES) throw error;
    }
    const wait = Math.min(pause, LONGEST_PAUSE_MS) * (0.5 + Math.random());
    await sleep(wait, undefined, { signal });
  }
}
