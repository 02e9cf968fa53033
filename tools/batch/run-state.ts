import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { BatchError } from './batch-error.js';
import { partialFileOf } from './download-results.js';
import type { BatchOptions } from './options.js';

/** What a run must not do twice: kept beside the output until it is done. */
export interface RunState {
  /** What the run is about; another run must not take it up. */
  readonly of: string;
  readonly idempotencyKey: string;
  fileId?: string;
  jobId?: string;
  /** Whether the job failed, and whoever ran it was told. */
  failed?: boolean;
}

export class RunStateFile {
  private constructor(
    private readonly path: string,
    readonly state: RunState,
  ) {}

  /** @throws BatchError when the file is of another run that is not over */
  static async open(options: BatchOptions): Promise<RunStateFile> {
    const path = `${options.output}.batch.json`;
    const { size, mtimeMs } = await stat(options.input).catch(() => {
      throw new BatchError(`${options.input} cannot be read. Check its name.`);
    });
    const { url, model, format, options: chosen, input } = options;
    const of = JSON.stringify({ url, model, format, chosen, input, size, mtimeMs });
    const found = options.restart ? null : await readState(path);
    if (found?.of === of) return new RunStateFile(path, found);
    if (found !== null && found.failed !== true) {
      throw new BatchError(
        `${path} is of an earlier run with another input, service, model or other options. Finish that run, or begin anew with --restart.`,
      );
    }
    await rm(path, { force: true });
    // Results of another job would be taken for the beginning of this one's.
    await rm(partialFileOf(options.output), { force: true });
    return new RunStateFile(path, { of, idempotencyKey: randomUUID() });
  }

  async update(change: Partial<Pick<RunState, 'fileId' | 'jobId' | 'failed'>>): Promise<void> {
    Object.assign(this.state, change);
    const next = `${this.path}.new`;
    await writeFile(next, `${JSON.stringify(this.state, null, 2)}\n`);
    await rename(next, this.path);
  }

  async remove(): Promise<void> {
    await rm(this.path, { force: true });
  }
}

async function readState(path: string): Promise<RunState | null> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const state = JSON.parse(text) as Partial<RunState>;
    if (typeof state.of === 'string' && typeof state.idempotencyKey === 'string') {
      return state as RunState;
    }
  } catch {
    // Said below.
  }
  throw new BatchError(`${path} is not readable as an earlier run. Begin anew with --restart.`);
}
