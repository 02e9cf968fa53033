import { within } from './within.js';

/**
 * What comes, and null whenever nothing has come for a while. Who stops early
 * does not wait for what may still come.
 */
export async function* orSilence<T>(
  items: AsyncIterable<T>,
  silenceMs: number,
): AsyncGenerator<T | null> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ;) {
      const result = await within(next, silenceMs);
      if (result === null) {
        yield null;
        continue;
      }
      if (result.done === true) return;
      yield result.value;
      next = iterator.next();
    }
  } finally {
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
