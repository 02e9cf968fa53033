import { createCipheriv, createDecipheriv, type KeyObject } from 'node:crypto';

const ALGORITHM = 'aes-256-gcm';
const TAG_BYTES = 16;

/** Bytes of a file that are encrypted together: what a read by range costs at least. */
export const CHUNK_BYTES = 65_536;
/** The same with its tag, as it lies on disk. */
export const STORED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;

/**
 * Encrypts a file chunk by chunk with the file's own key, which encrypts
 * nothing else: the chunk's number can therefore be its nonce, and a chunk
 * that stands elsewhere does not decrypt. A missing end is told by the size.
 */
export class ChunkCipher {
  constructor(private readonly key: KeyObject) {}

  /** @param plain at most CHUNK_BYTES @returns ciphertext, then tag */
  seal(chunk: number, plain: Buffer): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.key, nonceOf(chunk), {
      authTagLength: TAG_BYTES,
    });
    return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  }

  /** @throws FileDamagedError when the bytes are not what was sealed as this chunk */
  open(chunk: number, stored: Buffer): Buffer {
    if (stored.length <= TAG_BYTES) throw new FileDamagedError();
    const decipher = createDecipheriv(ALGORITHM, this.key, nonceOf(chunk), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAuthTag(stored.subarray(-TAG_BYTES));
    const plain = decipher.update(stored.subarray(0, -TAG_BYTES));
    try {
      decipher.final();
    } catch {
      throw new FileDamagedError();
    }
    return plain;
  }
}

/** A stored file was altered, cut or exchanged. */
export class FileDamagedError extends Error {
  override name = 'FileDamagedError';

  constructor() {
    super('A stored file is not what was written: it was altered, cut or exchanged.');
  }
}

/** How many bytes a file of `size` bytes takes on disk. */
export function storedSize(size: number): number {
  return size + Math.ceil(size / CHUNK_BYTES) * TAG_BYTES;
}

function nonceOf(chunk: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(chunk), 4);
  return nonce;
}
