import { createReadStream } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { SetupError } from '@app/common';
import { parseCheckpoint, type Checkpoint } from './checkpoint-line.js';

export const CHECKPOINT_ENDING = '.checkpoints';

/** Some lines, of which at most the last was cut. */
const TAIL_BYTES = 2_048;

/** A line of a checkpoint file, or that a line is none. */
export type CheckpointEntry =
  | { readonly checkpoint: Checkpoint }
  | { readonly file: string; readonly line: number; readonly last: boolean };

/** Reads what all instances wrote into one folder, file by file, a line at a time. */
export class CheckpointFiles {
  constructor(
    readonly folder: string,
    private readonly key: Buffer,
  ) {}

  /** @throws SetupError when the folder is there and cannot be read */
  async *entries(): AsyncGenerator<CheckpointEntry> {
    for (const file of await this.files()) yield* this.entriesOf(file);
  }

  /** The highest row that any of them names, by the last lines of each; null when there is none. */
  async newest(): Promise<Checkpoint | null> {
    let newest: Checkpoint | null = null;
    for (const file of await this.files()) {
      const last = await this.lastOf(path.join(this.folder, file));
      if (last !== null && (newest === null || last.seq > newest.seq)) newest = last;
    }
    return newest;
  }

  private async lastOf(file: string): Promise<Checkpoint | null> {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const start = Math.max(0, size - TAIL_BYTES);
      const { buffer, bytesRead } = await handle.read(
        Buffer.alloc(TAIL_BYTES),
        0,
        TAIL_BYTES,
        start,
      );
      const lines = buffer.toString('latin1', 0, bytesRead).split('\n');
      for (const line of lines.reverse()) {
        const checkpoint = parseCheckpoint(this.key, line);
        if (checkpoint !== null) return checkpoint;
      }
      return null;
    } finally {
      await handle.close();
    }
  }

  private async files(): Promise<string[]> {
    try {
      const names = await readdir(this.folder);
      return names.filter((name) => name.endsWith(CHECKPOINT_ENDING)).sort();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return [];
      throw new SetupError(
        `The folder of audit checkpoints ${this.folder} cannot be read (${code ?? ''}). ` +
          'Let the service’s user read and write it.',
        { cause: error },
      );
    }
  }

  private async *entriesOf(file: string): AsyncGenerator<CheckpointEntry> {
    const input = createReadStream(path.join(this.folder, file));
    let number = 0;
    // One line behind, for only the last one may have been cut by a crash.
    let bad: number | null = null;
    for await (const line of createInterface({ input, crlfDelay: Infinity })) {
      number++;
      if (bad !== null) yield { file, line: bad, last: false };
      const checkpoint = parseCheckpoint(this.key, line);
      bad = checkpoint === null ? number : null;
      if (checkpoint !== null) yield { checkpoint };
    }
    if (bad !== null) yield { file, line: bad, last: true };
  }
}
