import { randomBytes } from 'node:crypto';
import { mkdir, open, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { CHECKPOINT_ENDING } from './checkpoint-files.js';
import { formatCheckpoint, type Checkpoint } from './checkpoint-line.js';

/**
 * Appends checkpoints to a file of this process's own, a new one each day, so
 * that older ones can be taken away to where nobody here can alter them.
 */
export class CheckpointWriter {
  /** Sorts by time; distinct for processes that start at once. */
  private readonly instance = `${process.pid}-${randomBytes(4).toString('hex')}`;
  private day = '';
  private file: FileHandle | null = null;

  constructor(
    private readonly folder: string,
    private readonly key: Buffer,
  ) {}

  /** On disk when it resolves. */
  async write(checkpoint: Checkpoint): Promise<void> {
    const file = await this.fileOf(checkpoint.at.toISOString().slice(0, 10));
    try {
      await file.appendFile(`${formatCheckpoint(this.key, checkpoint)}\n`);
      await file.datasync();
    } catch (error) {
      // Half a line may stand there: nothing may be appended to it.
      await this.abandon();
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.file?.close();
    this.file = null;
  }

  private async fileOf(day: string): Promise<FileHandle> {
    if (this.file !== null && this.day === day) return this.file;
    await this.close();
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    const name = `${day}-${this.instance}-${randomBytes(2).toString('hex')}${CHECKPOINT_ENDING}`;
    this.file = await open(path.join(this.folder, name), 'ax', 0o600);
    this.day = day;
    await syncFolder(this.folder);
    return this.file;
  }

  private async abandon(): Promise<void> {
    await this.close().catch(() => (this.file = null));
  }
}

/** A new file lasts through a power failure only once its folder is on disk. */
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
