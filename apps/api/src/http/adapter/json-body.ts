import { DomainError } from '@app/common';
import type { EdgeRequest, EdgeResponse } from './exchange.js';

/** Called once: with the failure, or with none when `request.body` is ready to be read. */
export type BodyDone = (
  request: EdgeRequest,
  response: EdgeResponse,
  failure?: DomainError,
) => void;

/**
 * Collects the bytes of a JSON body, at most `limit` of them. Refuses what is
 * too large (PAYLOAD_TOO_LARGE, closing the connection) or is not plain UTF-8
 * JSON by its headers (UNSUPPORTED_MEDIA_TYPE) before it reads any of it.
 * The text itself is parsed by `request.body`, when somebody wants it.
 */
export function collectJsonBody(
  request: EdgeRequest,
  response: EdgeResponse,
  limit: number,
  done: BodyDone,
): void {
  const headers = request.headers;
  const declared = headers['content-length'];
  if (declared === '0' || (declared === undefined && headers['transfer-encoding'] === undefined)) {
    done(request, response);
    return;
  }
  const refusal =
    unsupported(headers['content-type'], headers['content-encoding']) ??
    (declared !== undefined && Number(declared) > limit ? tooLarge(response, limit) : undefined);
  if (refusal !== undefined) {
    done(request, response, refusal);
    return;
  }
  if (request.scope.awaitsContinue) {
    request.scope.awaitsContinue = false;
    response.writeContinue();
  }

  let first: Buffer | undefined;
  let chunks: Buffer[] | undefined;
  let size = 0;
  let settled = false;
  request.on('data', (chunk: Buffer) => {
    if (settled) return;
    size += chunk.length;
    if (size > limit) {
      settled = true;
      first = chunks = undefined;
      done(request, response, tooLarge(response, limit));
    } else if (first === undefined) first = chunk;
    else (chunks ??= [first]).push(chunk);
  });
  request.on('end', () => {
    if (settled) return;
    settled = true;
    request.payload = chunks === undefined ? first : Buffer.concat(chunks, size);
    done(request, response);
  });
  request.on('close', () => {
    if (settled) return;
    settled = true;
    done(
      request,
      response,
      new DomainError('CLIENT_CLOSED_REQUEST', 'The client left before its body had arrived.'),
    );
  });
}

function tooLarge(response: EdgeResponse, limit: number): DomainError {
  response.setHeader('Connection', 'close');
  return new DomainError(
    'PAYLOAD_TOO_LARGE',
    `The body is larger than ${limit} bytes, the most this route accepts. Send less at a time.`,
    { details: { limit_bytes: limit } },
  );
}

function unsupported(
  type: string | undefined,
  encoding: string | undefined,
): DomainError | undefined {
  if (encoding !== undefined && encoding.toLowerCase() !== 'identity') {
    return new DomainError(
      'UNSUPPORTED_MEDIA_TYPE',
      'Compressed bodies are not accepted. Send the body uncompressed, without Content-Encoding.',
    );
  }
  if (type === 'application/json' || isUtf8Json(type)) return undefined;
  return new DomainError(
    'UNSUPPORTED_MEDIA_TYPE',
    'The body must be JSON in UTF-8. Send "Content-Type: application/json".',
  );
}

function isUtf8Json(type: string | undefined): boolean {
  if (type === undefined) return false;
  const [media = '', ...parameters] = type.toLowerCase().split(';');
  if (media.trim() !== 'application/json') return false;
  return parameters.every((parameter) => {
    const [name = '', value = ''] = parameter.split('=');
    return name.trim() !== 'charset' || /^"?utf-?8"?$/.test(value.trim());
  });
}
