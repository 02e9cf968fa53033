import { isUtf8 } from 'node:buffer';
import { RowFault } from './row-fault.js';

/** @throws RowFault when the bytes are no UTF-8 or hold a NUL */
export function rowText(bytes: Buffer): string {
  if (bytes.includes(0)) {
    throw new RowFault('nul', 'holds a NUL byte. Save the file as plain text in UTF-8.');
  }
  if (!isUtf8(bytes)) {
    throw new RowFault('not_utf8', 'is not valid UTF-8. Save the file in UTF-8.');
  }
  return bytes.toString('utf8');
}

export function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}
