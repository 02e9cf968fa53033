import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { newRequestId } from '@app/common';
import type { EdgeResponse } from './exchange.js';

const STATUS_OF: Readonly<Record<string, readonly [status: number, detail: string]>> = {
  HPE_HEADER_OVERFLOW: [431, 'The headers are too large. Send fewer or shorter headers.'],
  ERR_HTTP_REQUEST_TIMEOUT: [
    408,
    'The request did not arrive in time. Send it without pausing, or in smaller parts.',
  ],
};
/** For the client to read its answer and close its side, which not every client does. */
const LINGER_MS = 2_000;
const UNREADABLE = [400, 'The request is not valid HTTP.'] as const;

/**
 * Answers what the HTTP parser gave up on, when the connection can still carry an answer.
 * @param fixedHeaders header lines of every answer, each ended by CRLF
 */
export function answerUnreadableRequest(
  fixedHeaders: string,
  error: NodeJS.ErrnoException,
  connection: Duplex,
): void {
  const current = (connection as Socket & { _httpMessage?: EdgeResponse })._httpMessage;
  // The parser speaks of the time once only, and lets the request go on when nobody ends it.
  if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT' && current?.scope.pacesBody === true) return;
  // Half an answer may already be out; a second one would be read as part of it.
  if (error.code === 'ECONNRESET' || !connection.writable || current?.headersSent === true) {
    connection.destroy();
    return;
  }
  const [status, detail] = STATUS_OF[error.code ?? ''] ?? UNREADABLE;
  const title = STATUS_CODES[status] ?? '';
  const requestId = newRequestId();
  const body = JSON.stringify({
    type: '/errors/malformed-request',
    title,
    status,
    detail,
    error: title,
    error_code: 'MALFORMED_REQUEST',
    request_id: requestId,
    timestamp: new Date().toISOString(),
  });
  connection.end(
    `HTTP/1.1 ${status} ${title}\r\n${fixedHeaders}Content-Type: application/problem+json\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nX-Request-ID: ${requestId}\r\nConnection: close\r\n\r\n${body}`,
  );
  const timer = setTimeout(() => connection.destroy(), LINGER_MS).unref();
  connection.once('close', () => clearTimeout(timer));
}
