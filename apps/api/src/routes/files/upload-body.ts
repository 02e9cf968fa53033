import { DomainError } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { within } from '../../http/streams/within.js';
import { filePart } from './multipart-file.js';
import { piecesOf } from './pieces-of.js';

export interface UploadPace {
  /** The longest pause between two pieces. */
  readonly idleMs: number;
  /** For the whole file. */
  readonly totalMs: number;
}

/** A file arrives for as long as it takes, as long as it arrives. */
export const UPLOAD_PACE: UploadPace = { idleMs: 30_000, totalMs: 3_600_000 };

const MULTIPART = /^multipart\/form-data\s*(;|$)/i;

/**
 * The bytes of the file that a request carries: the body itself, or the file
 * of a multipart form. Takes no more from the client than its reader takes
 * from it, and leaves the connection able to carry an answer.
 *
 * @throws DomainError CLIENT_CLOSED_REQUEST when the client leaves, MALFORMED_REQUEST when it pauses
 * for too long or the form cannot be read, UNSUPPORTED_MEDIA_TYPE for a compressed body
 */
export async function* uploadBody(
  request: EdgeRequest,
  response: EdgeResponse,
  pace: UploadPace = UPLOAD_PACE,
): AsyncGenerator<Buffer> {
  refuseCompression(request.headers['content-encoding']);
  const { scope } = request;
  scope.pacesBody = true;
  if (scope.awaitsContinue) {
    scope.awaitsContinue = false;
    response.writeContinue();
  }
  const type = request.headers['content-type'] ?? '';
  const pieces = MULTIPART.test(type) ? filePart(request) : piecesOf(request);
  yield* paced(pieces, pace, () => clientLeft(request));
}

async function* paced(
  pieces: AsyncIterableIterator<Buffer>,
  { idleMs, totalMs }: UploadPace,
  hasLeft: () => boolean,
): AsyncGenerator<Buffer> {
  const end = performance.now() + totalMs;
  try {
    for (;;) {
      const next = await within(pieces.next(), Math.min(idleMs, end - performance.now()));
      if (next === null) throw tooSlow(idleMs, totalMs);
      if (next.done === true) return;
      yield next.value;
    }
  } catch (error) {
    throw hasLeft() ? gone() : error;
  } finally {
    // One that still waits for the client never returns: nobody must wait for it in turn.
    pieces.return?.().catch(() => undefined);
  }
}

function clientLeft(request: EdgeRequest): boolean {
  return request.destroyed && !request.complete;
}

function gone(): DomainError {
  return new DomainError('CLIENT_CLOSED_REQUEST', 'The client left before its file had arrived.');
}

function tooSlow(idleMs: number, totalMs: number): DomainError {
  return new DomainError(
    'MALFORMED_REQUEST',
    `The file did not arrive in time: at most ${idleMs / 1_000} s may pass without a byte, and ${totalMs / 1_000} s in all. Send it again, without pausing.`,
  );
}

function refuseCompression(encoding: string | undefined): void {
  if (encoding === undefined || encoding.toLowerCase() === 'identity') return;
  throw new DomainError(
    'UNSUPPORTED_MEDIA_TYPE',
    'Compressed files are not accepted. Send the file uncompressed, without Content-Encoding.',
  );
}
