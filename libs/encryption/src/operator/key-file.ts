import { randomBytes } from 'node:crypto';
import { link, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SetupError } from '@app/common';

const KEY_BYTES = 32;
const LINE = /^[A-Za-z\d+/]{43}=$/;

/** The operator's keys where none are set: a file that only its owner reads, a key a line in base64. */
export class KeyFile {
  constructor(readonly path: string) {}

  /** @returns null when there is no such file */
  async read(): Promise<Buffer[] | null> {
    let text: string;
    try {
      const { mode } = await stat(this.path);
      if (process.platform !== 'win32' && (mode & 0o007) !== 0) {
        throw new SetupError(
          `Everybody on this machine may read the key file ${this.path}: chmod 600 it.`,
        );
      }
      text = await readFile(this.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
      throw error instanceof SetupError ? error : unreadable(this.path, error);
    }
    const lines = text.split('\n').filter((line) => line.trim() !== '');
    if (lines.length === 0 || !lines.every((line) => LINE.test(line.trim()))) {
      throw new SetupError(
        `The key file ${this.path} is damaged: it must hold 32 bytes in base64 a line. ` +
          'Restore it from a backup; without it, encrypted fields cannot be read.',
      );
    }
    return lines.map((line) => Buffer.from(line.trim(), 'base64'));
  }

  /** Makes the file with one new key, unless it is there. */
  async ensure(): Promise<void> {
    if ((await this.read()) !== null) return;
    const temporary = await this.writeAside([randomBytes(KEY_BYTES)]);
    try {
      // Unlike a rename, a link does not replace what another process made meanwhile.
      await link(temporary, this.path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unreadable(this.path, error);
    } finally {
      await rm(temporary, { force: true });
    }
    await syncFolder(path.dirname(this.path));
  }

  /** Puts a new key before the others: it wraps from now on, they unwrap. */
  async addNew(): Promise<void> {
    await this.replace([randomBytes(KEY_BYTES), ...((await this.read()) ?? [])]);
  }

  /** Forgets all keys but the first. */
  async keepFirst(): Promise<void> {
    const keys = await this.read();
    if (keys !== null && keys.length > 1) await this.replace(keys.slice(0, 1));
  }

  private async replace(keys: readonly Buffer[]): Promise<void> {
    await rename(await this.writeAside(keys), this.path);
    await syncFolder(path.dirname(this.path));
  }

  private async writeAside(keys: readonly Buffer[]): Promise<string> {
    const temporary = `${this.path}.${process.pid}.${randomBytes(4).toString('hex')}`;
    try {
      await mkdir(path.dirname(this.path), { recursive: true });
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(keys.map((key) => `${key.toString('base64')}\n`).join(''));
        await file.sync();
      } finally {
        await file.close();
      }
    } catch (error) {
      throw unreadable(this.path, error);
    }
    return temporary;
  }
}

/** A new name lasts through a power failure only once its folder is on disk. */
async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders, and needs no such thing.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function unreadable(file: string, error: unknown): SetupError {
  const { code } = error as NodeJS.ErrnoException;
  return new SetupError(
    `The key file ${file} cannot be used (${code ?? String(error)}). ` +
      'Let the service’s user read and write it, or set ENCRYPTION_KEY.',
    { cause: error },
  );
}
