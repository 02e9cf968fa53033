import { createHash, randomBytes } from 'node:crypto';
import { DomainError, newId } from '@app/common';
import { InputScan, type ScannedFile } from './rows/input-scan.js';
import type { FileStore } from './store/file-store.js';
import type { FileWriter } from './store/file-writer.js';

/** A file that has been received whole, checked and stored. */
export interface ReceivedFile extends ScannedFile {
  readonly id: string;
  /** The key it is encrypted with; 32 bytes. */
  readonly key: Buffer;
  /** Bytes as uploaded. */
  readonly size: number;
  readonly sha256: Buffer;
}

/**
 * Receives a file of inputs in constant memory: takes the next piece once the
 * last is checked and on disk. Whatever fails, nothing is left of the file.
 *
 * @param pieces the bytes as they come; ends early by throwing
 * @throws DomainError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_ERROR naming the row,
 * SERVICE_UNAVAILABLE when the disk is full, and what `pieces` throws
 */
export async function receiveFile(
  pieces: AsyncIterable<Buffer>,
  store: FileStore,
  maxBytes: number,
): Promise<ReceivedFile> {
  const id = newId();
  const key = randomBytes(32);
  const writer = await store.create(id, key).catch(refuseFullDisk);
  try {
    const { size, sha256, scanned } = await copy(pieces, writer, maxBytes);
    await writer.finish();
    return { id, key, size, sha256, ...scanned };
  } catch (error) {
    await writer.abandon();
    return refuseFullDisk(error);
  }
}

async function copy(pieces: AsyncIterable<Buffer>, writer: FileWriter, maxBytes: number) {
  const scan = new InputScan();
  const hash = createHash('sha256');
  let size = 0;
  for await (const piece of pieces) {
    size += piece.length;
    if (size > maxBytes) throw tooLarge(maxBytes);
    scan.push(piece);
    hash.update(piece);
    await writer.write(piece);
  }
  return { size, sha256: hash.digest(), scanned: scan.finish() };
}

export function tooLarge(maxBytes: number): DomainError {
  return new DomainError(
    'PAYLOAD_TOO_LARGE',
    `The file is larger than ${maxBytes} bytes, the most of one file. Send it in several files.`,
    { details: { limit_bytes: maxBytes } },
  );
}

function refuseFullDisk(error: unknown): never {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') throw error;
  throw new DomainError(
    'SERVICE_UNAVAILABLE',
    'There is no room for the file at the moment. Try again later, or delete files that are not needed.',
    { retryAfterSeconds: 60, cause: error },
  );
}
