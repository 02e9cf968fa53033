import { DomainError, ERROR_CODES, type ErrorCode } from '@app/common';
import { FileDamagedError } from '../files/store/chunk-cipher.js';
import { FileMissingError } from '../files/store/file-store.js';
import type { JobRow, SliceRow } from '../job.js';
import type { FileRowInput } from '../input-files.js';
import type { JobsParts } from '../jobs-parts.js';
import { jobInputOf, type JobInput, type RawInputJson } from '../raw-input.js';
import { sliceInputs } from '../submission/submissions.js';

/** One item of a slice: what to predict on, or why that cannot be. */
export type SliceItem = JobInput | DomainError;

/** An item as slices keep it: as its caller wrote it, or why it could not be read from the file. */
export type StoredInput = RawInputJson | { readonly $error: { code: string; message: string } };

/** Reads what a slice is to work on. */
export class SliceInputs {
  constructor(private readonly parts: JobsParts) {}

  /**
   * The items in their order, some at a time; a file's rows are read as they are asked for.
   * @throws DomainError NOT_FOUND when the input file is gone
   */
  async *items(job: JobRow, slice: SliceRow): AsyncGenerator<readonly SliceItem[]> {
    const kept = this.kept(slice);
    if (kept === null) yield* this.rows(job, slice);
    else yield kept.map(itemOf);
  }

  /**
   * All of them as slices keep them.
   * @throws DomainError NOT_FOUND when the input file is gone
   */
  async stored(job: JobRow, slice: SliceRow): Promise<readonly StoredInput[]> {
    const kept = this.kept(slice);
    if (kept !== null) return kept;
    const read: StoredInput[] = [];
    for await (const rows of this.rows(job, slice)) {
      for (const row of rows) read.push(storedOf(row));
    }
    return read;
  }

  /** Null when the slice's inputs are rows of a file. */
  private kept({ id, inputs }: SliceRow): readonly StoredInput[] | null {
    if (inputs === null) return null;
    return JSON.parse(sliceInputs(this.parts.cipher).open(id, inputs)) as StoredInput[];
  }

  private async *rows(job: JobRow, slice: SliceRow): AsyncGenerator<readonly FileRowInput[]> {
    const { files } = this.parts;
    const file = job.inputFileId === null ? null : await files.find(job.inputFileId);
    if (file === null) {
      throw new DomainError('NOT_FOUND', 'The input file was removed before the job was done.');
    }
    try {
      yield* files.readRows(file, slice.byteStart ?? 0, slice.byteEnd ?? 0);
    } catch (error) {
      if (!(error instanceof FileMissingError || error instanceof FileDamagedError)) throw error;
      const message = 'The input file is damaged, or lies where the worker cannot reach it.';
      throw new DomainError('NOT_FOUND', message, { cause: error });
    }
  }
}

function storedOf(row: FileRowInput): StoredInput {
  return row instanceof DomainError ? { $error: { code: row.code, message: row.message } } : row;
}

function itemOf(stored: StoredInput): SliceItem {
  if (typeof stored === 'object' && '$error' in stored) {
    const { code, message } = stored.$error;
    return new DomainError(codeOf(code), message);
  }
  try {
    return jobInputOf(stored);
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function codeOf(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'VALIDATION_ERROR';
}
