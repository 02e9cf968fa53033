import type { Readable } from 'node:stream';

/** The bytes of a stream as they are asked for; to stop early does not end its connection. */
export function piecesOf(stream: Readable): AsyncIterableIterator<Buffer> {
  return stream.iterator({ destroyOnReturn: false }) as AsyncIterableIterator<Buffer>;
}
