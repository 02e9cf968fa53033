import { DomainError, ERROR_CODES, type ErrorCode } from '@app/common';
import { FileDamagedError } from '../files/store/chunk-cipher.js';
import { FileMissingError } from '../files/store/file-store.js';
import type { JobRow, SliceRow } from '../job.js';
import type { JobsParts } from '../jobs-parts.js';
import { jobInputOf, type JobInput, type RawInputJson } from '../raw-input.js';
import { sliceInputs } from '../submission/submissions.js';

/** One item of a slice: what to predict on, or why that cannot be. */
export type SliceItem =
  | { readonly index: number; readonly input: JobInput }
  | { readonly index: number; readonly error: DomainError };

/** An item as slices keep it: as its caller wrote it, or why it could not be read from the file. */
export type StoredInput = RawInputJson | { readonly $error: { code: string; message: string } };

/** Reads what a slice is to work on. */
export class SliceInputs {
  constructor(private readonly parts: JobsParts) {}

  /**
   * The items in their order; a file's rows are read as they are asked for.
   * @throws DomainError NOT_FOUND when the input file is gone
   */
  async *items(job: JobRow, slice: SliceRow): AsyncGenerator<SliceItem> {
    let index = slice.firstItem;
    for await (const stored of this.stored(job, slice)) yield itemOf(index++, stored);
  }

  async *stored(job: JobRow, slice: SliceRow): AsyncGenerator<StoredInput> {
    if (slice.inputs !== null) {
      const plain = sliceInputs(this.parts.cipher).open(slice.id, slice.inputs);
      yield* JSON.parse(plain) as StoredInput[];
      return;
    }
    const { files } = this.parts;
    const file = job.inputFileId === null ? null : await files.find(job.inputFileId);
    if (file === null) {
      throw new DomainError('NOT_FOUND', 'The input file was removed before the job was done.');
    }
    try {
      for await (const row of files.readRows(file, slice.byteStart ?? 0, slice.byteEnd ?? 0)) {
        if ('input' in row) yield row.input;
        else yield { $error: { code: row.error.code, message: row.error.message } };
      }
    } catch (error) {
      if (!(error instanceof FileMissingError || error instanceof FileDamagedError)) throw error;
      const message = 'The input file is damaged, or lies where the worker cannot reach it.';
      throw new DomainError('NOT_FOUND', message, { cause: error });
    }
  }
}

function itemOf(index: number, stored: StoredInput): SliceItem {
  if (typeof stored === 'object' && '$error' in stored) {
    const { code, message } = stored.$error;
    return { index, error: new DomainError(codeOf(code), message) };
  }
  try {
    return { index, input: jobInputOf(stored) };
  } catch (error) {
    if (error instanceof DomainError) return { index, error };
    throw error;
  }
}

function codeOf(code: string): ErrorCode {
  return ERROR_CODES.find((known) => known === code) ?? 'VALIDATION_ERROR';
}
