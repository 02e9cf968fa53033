import { Readable } from 'node:stream';
import { StreamableFile } from '@nestjs/common';
import type { EdgeResponse } from '../adapter/exchange.js';
import { orSilence } from './or-silence.js';

/** One server-sent event. */
export interface ServerEvent {
  /** What `Last-Event-ID` may name; none when the event is not told again. */
  readonly id?: string;
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
  for await (const told of orSilence(events, heartbeatMs)) {
    if (told === null) {
      yield ': still here\n\n';
      continue;
    }
    const { id, event, data } = told;
    yield `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}
