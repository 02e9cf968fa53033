import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { EdgeResponse } from '../adapter/exchange.js';
import { within } from './within.js';

/** One server-sent event. */
export interface ServerEvent {
  readonly id: string;
  readonly event: string;
  readonly data: object;
}

/** What browsers wait before they connect again, ms. */
const RETRY_MS = 2_000;

/**
 * Answers events as they come (text/event-stream), with a comment now and then
 * while there are none, so that nobody in between takes the connection for dead.
 *
 * @param finished called once, however the stream ends
 */
export function eventStream(
  response: EdgeResponse,
  events: AsyncIterable<ServerEvent>,
  heartbeatMs: number,
  finished: () => void,
): StreamableFile {
  response.setHeader('Cache-Control', 'no-store, no-transform');
  response.setHeader('X-Accel-Buffering', 'no');
  // The connection ends with the stream, which is what a closing server waits for.
  response.setHeader('Connection', 'close');
  const text = Readable.from(written(events, heartbeatMs), { objectMode: false });
  text.once('close', finished);
  return new StreamableFile(text, { type: 'text/event-stream; charset=utf-8' });
}

async function* written(
  events: AsyncIterable<ServerEvent>,
  heartbeatMs: number,
): AsyncGenerator<string> {
  yield `retry: ${RETRY_MS}\n\n`;
  const iterator = events[Symbol.asyncIterator]();
  try {
    for (let next = iterator.next(); ;) {
      const result = await within(next, heartbeatMs);
      if (result === null) {
        yield ': still here\n\n';
        continue;
      }
      if (result.done === true) return;
      const { id, event, data } = result.value;
      yield `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
      next = iterator.next();
    }
  } finally {
    // It may still wait for an event, and must then not be waited for.
    void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}
