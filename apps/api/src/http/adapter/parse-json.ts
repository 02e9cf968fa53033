import { isUtf8 } from 'node:buffer';
import { DomainError } from '@app/common';
import { jsonErrorPosition } from './json-error-position.js';

const BYTE_ORDER_MARK = '\ufeff';

/** Throws DomainError MALFORMED_REQUEST, saying where but never what. */
export function parseJson(bytes: Buffer): unknown {
  if (!isUtf8(bytes)) {
    throw new DomainError(
      'MALFORMED_REQUEST',
      'The body is not valid UTF-8. Encode it as UTF-8; JSON knows no other encoding.',
    );
  }
  let text = bytes.toString('utf8');
  if (text.startsWith(BYTE_ORDER_MARK)) text = text.slice(1);
  try {
    return JSON.parse(text) as unknown;
  } catch {
    const at = jsonErrorPosition(text);
    const before = text.slice(0, at);
    const line = before.split('\n').length;
    const column = at - before.lastIndexOf('\n');
    throw new DomainError(
      'MALFORMED_REQUEST',
      at === text.length
        ? `The body is not valid JSON: it ends too early, at line ${line}, column ${column}.`
        : `The body is not valid JSON from line ${line}, column ${column} on (character ${at + 1}).`,
      { details: { line, column } },
    );
  }
}
