import { createSecretKey } from 'node:crypto';
import { lstat, mkdir, open, readdir, rename, rm, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { isId } from '@app/common';
import {
  CHUNK_BYTES,
  ChunkCipher,
  FileDamagedError,
  STORED_CHUNK_BYTES,
  storedSize,
} from './chunk-cipher.js';
import { FileWriter } from './file-writer.js';

const UNFINISHED = '.part';
const FOLDER_MODE = 0o700;
const FILE_MODE = 0o600;
/** Chunks read from disk at once: fewer, larger reads. */
const CHUNKS_A_READ = 4;

/** What is needed to read a stored file. */
export interface StoredFile {
  readonly id: string;
  /** 32 bytes; the file's own. */
  readonly key: Buffer;
  /** Bytes of the content. */
  readonly size: number;
}

/**
 * Files in a local folder, encrypted. All processes that run jobs need the
 * same folder. A file is there whole or not at all.
 */
export class FileStore {
  constructor(private readonly folder: string) {}

  /** @throws Error EEXIST when there is such a file, ENOSPC and the like of the disk */
  async create(id: string, key: Buffer): Promise<FileWriter> {
    await mkdir(this.folder, { recursive: true, mode: FOLDER_MODE });
    const target = this.pathOf(id);
    const unfinished = target + UNFINISHED;
    const handle = await open(unfinished, 'wx', FILE_MODE);
    return new FileWriter(handle, new ChunkCipher(createSecretKey(key)), {
      publish: () => this.publish(unfinished, target),
      discard: async () => {
        for (const file of [unfinished, target]) await rm(file, { force: true });
      },
    });
  }

  /**
   * The content from byte `start` to before byte `end`, piece by piece. The
   * file is held open only while the pieces are taken.
   *
   * @throws FileMissingError when it is not there, FileDamagedError when it is not what was written
   */
  async *read({ id, key, size }: StoredFile, start = 0, end = size): AsyncGenerator<Buffer> {
    if (start < 0 || end > size || start > end) {
      throw new RangeError(`Bytes ${start} to ${end} are not within a file of ${size} bytes`);
    }
    const cipher = new ChunkCipher(createSecretKey(key));
    const handle = await this.openStored(id);
    try {
      if ((await handle.stat()).size !== storedSize(size)) throw new FileDamagedError();
      const last = Math.ceil(end / CHUNK_BYTES);
      for (let chunk = Math.floor(start / CHUNK_BYTES); chunk < last; chunk += CHUNKS_A_READ) {
        const count = Math.min(CHUNKS_A_READ, last - chunk);
        const stored = await readAt(handle, chunk * STORED_CHUNK_BYTES, count * STORED_CHUNK_BYTES);
        for (let i = 0; i < count; i++) {
          const begins = i * STORED_CHUNK_BYTES;
          const sealed = stored.subarray(begins, begins + STORED_CHUNK_BYTES);
          const plain = cipher.open(chunk + i, sealed);
          const at = (chunk + i) * CHUNK_BYTES;
          const wanted = plain.subarray(Math.max(0, start - at), Math.min(plain.length, end - at));
          if (wanted.length > 0) yield wanted;
        }
      }
    } finally {
      await handle.close();
    }
  }

  /** Nothing happens when it is not there. */
  async remove(id: string): Promise<void> {
    await rm(this.pathOf(id), { force: true });
  }

  /**
   * What has not been written to since `before`: uploads whose process died
   * (removed here), and the ids of whole files. What else lies in the folder, as
   * a disk's `lost+found`, is left alone.
   */
  async idleSince(before: Date): Promise<string[]> {
    const ids: string[] = [];
    for (const name of await this.names()) {
      const whole = !name.endsWith(UNFINISHED);
      if (!isId(whole ? name : name.slice(0, -UNFINISHED.length))) continue;
      const file = path.join(this.folder, name);
      const found = await lstat(file).catch(() => null);
      if (found?.isFile() !== true || found.mtime >= before) continue;
      if (whole) ids.push(name);
      else await rm(file, { force: true });
    }
    return ids;
  }

  private async publish(unfinished: string, target: string): Promise<void> {
    await rename(unfinished, target);
    // The row that tells of the file must not outlive its name.
    const folder = await open(this.folder);
    await folder.sync().finally(() => folder.close());
  }

  private async names(): Promise<string[]> {
    try {
      return await readdir(this.folder);
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  private async openStored(id: string): Promise<FileHandle> {
    try {
      return await open(this.pathOf(id), 'r');
    } catch (error) {
      if (isMissing(error)) throw new FileMissingError();
      throw error;
    }
  }

  private pathOf(id: string): string {
    return path.join(this.folder, id);
  }
}

/** A stored file has gone. */
export class FileMissingError extends Error {
  override name = 'FileMissingError';

  constructor() {
    super('A stored file is not in the folder for files.');
  }
}

async function readAt(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, position + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
