import type { DomainError } from '@app/common';
import type { Transaction } from '@app/database';
import type { FileRow } from './job.js';
import type { JobInput } from './raw-input.js';

/** A piece of a job's work: its items, and where they stand in the input file. */
export interface SlicePlan {
  readonly firstItem: number;
  readonly items: number;
  readonly byteStart: number;
  readonly byteEnd: number;
}

/** What it takes to read a file's rows: all but the index of where they begin, which may be long. */
export type FileContent = Pick<FileRow, 'id' | 'size' | 'format' | 'columns' | 'dataKey'>;

/** A row of an input file, or why it is none. */
export type FileRowInput = JobInput | DomainError;

/** What jobs need of uploaded files. */
export interface InputFiles {
  /** Null when there is none, or no more. */
  find(id: string): Promise<FileContent | null>;
  /** Pieces of about this many rows, whole rows each. */
  planSlices(file: FileRow, itemsPerSlice: number): readonly SlicePlan[];
  /** The rows between two bytes in their order, some at a time: in constant memory. */
  readRows(
    file: FileContent,
    byteStart: number,
    byteEnd: number,
  ): AsyncIterable<readonly FileRowInput[]>;
  /** Lets nobody remove the file until the transaction ends. @returns whether it is there */
  hold(tx: Transaction, id: string): Promise<boolean>;
  /**
   * Removes the row, and with it the key of the bytes, unless a job has the file that was not purged.
   * @returns whether it was removed now, so that its bytes are to be, after the commit
   */
  removeRow(tx: Transaction, id: string): Promise<boolean>;
  /** Nothing happens when they are gone. Bytes without a row are tidied up after a while. */
  removeBytes(id: string): Promise<void>;
}
