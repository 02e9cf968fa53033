import type { EdgeRequest, EdgeResponse } from './exchange.js';

const LINGER_MS = 2_000;
const LINGER_BYTES = 16 * 1_048_576;

/**
 * Ends an answer whose request is still being sent. Closing at once would
 * reset the connection, and the client could lose the answer it has not read
 * yet; so the answer goes out whole, and what still arrives is thrown away for
 * a moment before the connection closes. `text` must fill its Content-Length.
 */
export function lingeringEnd(request: EdgeRequest, response: EdgeResponse, text: string): void {
  if (request.complete || request.scope.awaitsContinue) {
    response.end(text);
    return;
  }
  response.write(text);
  let left = LINGER_BYTES;
  const finish = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(finish, LINGER_MS);
  request.on('data', (chunk: Buffer) => {
    left -= chunk.length;
    if (left < 0) finish();
  });
  // A reader that stopped early has paused it.
  request.resume();
  request.once('end', finish);
  request.once('close', finish);
}
