import type { FileHandle } from 'node:fs/promises';
import { CHUNK_BYTES, type ChunkCipher } from './chunk-cipher.js';

interface Ending {
  /** Makes the whole file visible, for good. */
  publish(): Promise<void>;
  /** Removes what there is of it. */
  discard(): Promise<void>;
}

/** Writes one encrypted file, in order. Ends with `finish` or `abandon`. */
export class FileWriter {
  private readonly pending = Buffer.allocUnsafe(CHUNK_BYTES);
  private filled = 0;
  private chunk = 0;

  constructor(
    private readonly handle: FileHandle,
    private readonly cipher: ChunkCipher,
    private readonly ending: Ending,
  ) {}

  /** Resolves when the next bytes may come; no more than a chunk is held back. */
  async write(bytes: Buffer): Promise<void> {
    let taken = 0;
    while (taken < bytes.length) {
      const copied = bytes.copy(this.pending, this.filled, taken);
      this.filled += copied;
      taken += copied;
      if (this.filled === CHUNK_BYTES) await this.flush();
    }
  }

  /** The file is there, on disk, once this resolves. */
  async finish(): Promise<void> {
    if (this.filled > 0) await this.flush();
    await this.handle.sync();
    await this.handle.close();
    await this.ending.publish();
  }

  /** As if it had never been begun. */
  async abandon(): Promise<void> {
    await this.handle.close();
    await this.ending.discard();
  }

  private async flush(): Promise<void> {
    const sealed = this.cipher.seal(this.chunk++, this.pending.subarray(0, this.filled));
    this.filled = 0;
    for (let written = 0; written < sealed.length;) {
      written += (await this.handle.write(sealed, written)).bytesWritten;
    }
  }
}
