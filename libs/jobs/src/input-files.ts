import type { DomainError } from '@app/common';
import type { FileRow } from './job.js';
import type { RawInputJson } from './raw-input.js';

/** A piece of a job's work: its items, and where they stand in the input file. */
export interface SlicePlan {
  readonly firstItem: number;
  readonly items: number;
  readonly byteStart: number;
  readonly byteEnd: number;
}

/** A row of an input file, or why it is none. */
export type FileRowInput =
  | { readonly index: number; readonly input: RawInputJson }
  | { readonly index: number; readonly error: DomainError };

/** What jobs need of uploaded files. */
export interface InputFiles {
  /** Null when there is none, or no more. */
  find(id: string): Promise<FileRow | null>;
  /** Pieces of about this many rows, whole rows each. */
  planSlices(file: FileRow, itemsPerSlice: number): readonly SlicePlan[];
  /** The rows between two bytes in their order, in constant memory. */
  readRows(file: FileRow, byteStart: number, byteEnd: number): AsyncIterable<FileRowInput>;
  /** Removes bytes and row; nothing happens when they are gone. */
  remove(id: string): Promise<void>;
}
