import { DomainError } from '@app/common';
import type { Database, Transaction } from '@app/database';
import type { FieldCipher, FieldPlace } from '@app/encryption';
import type { FileContent, InputFiles, SlicePlan } from '../input-files.js';
import type { FileRow } from '../job.js';
import type { JobInput } from '../raw-input.js';
import { filesRepository } from './files.repository.js';
import { receiveFile, tooLarge } from './file-upload.js';
import { planSlices } from './plan-slices.js';
import { readInputs } from './rows/read-inputs.js';
import { FileStore } from './store/file-store.js';

const HOUR_MS = 3_600_000;
/** An upload writes again and again; one that has not for this long has lost its process. */
const IDLE_MS = 2 * HOUR_MS;
/** How often the folder is looked through for what was left behind. */
const TIDY_EVERY_MS = HOUR_MS / 4;
/** Files whose rows are asked for at once. */
const ASKED_AT_ONCE = 1_000;

export interface JobFilesOptions {
  readonly database: Database;
  readonly cipher: FieldCipher;
  /** The same for all processes that run jobs. */
  readonly folder: string;
  /** The most bytes of a file. */
  readonly maxBytes: number;
  /** How long a file is kept that no unfinished job reads. */
  readonly keepHours: number;
  readonly now?: () => Date;
}

/** Whose file it is. */
export interface FileOwner {
  readonly tenantId: string;
  readonly principalId: string;
}

/** What happens to a file's row, in the same transaction: its entry in the audit log. */
export type Alongside = (tx: Transaction, file: FileRow) => Promise<void>;

/** Uploaded inputs of jobs: their rows in the database, their bytes encrypted in a folder. */
export class JobFiles implements InputFiles {
  private readonly store: FileStore;
  private readonly now: () => Date;
  private readonly receiving = new Set<Promise<unknown>>();
  private tidiedAt = 0;

  constructor(private readonly options: JobFilesOptions) {
    this.store = new FileStore(options.folder);
    this.now = options.now ?? (() => new Date());
  }

  get maxBytes(): number {
    return this.options.maxBytes;
  }

  /**
   * Receives, checks and stores a file in constant memory. Nothing is left of
   * one that is refused or whose sender leaves.
   *
   * @throws DomainError PAYLOAD_TOO_LARGE, UNSUPPORTED_MEDIA_TYPE, VALIDATION_ERROR naming the row,
   * SERVICE_UNAVAILABLE when the disk is full, and what `pieces` throws
   */
  async receive(
    pieces: AsyncIterable<Buffer>,
    owner: FileOwner,
    alongside: Alongside = async () => undefined,
  ): Promise<FileRow> {
    const received = this.receiveAndRecord(pieces, owner, alongside);
    this.receiving.add(received);
    try {
      return await received;
    } finally {
      this.receiving.delete(received);
    }
  }

  /** Refuses a file that says beforehand that it is too large. @throws DomainError PAYLOAD_TOO_LARGE */
  assertSize(bytes: number): void {
    if (bytes > this.options.maxBytes) throw tooLarge(this.options.maxBytes);
  }

  find(id: string): Promise<FileContent | null> {
    return filesRepository.findContent(this.options.database.db, id);
  }

  /** @throws DomainError NOT_FOUND, for another tenant's too */
  async get(tenantId: string, id: string): Promise<FileRow> {
    const file = await filesRepository.find(this.options.database.db, id);
    if (file?.tenantId !== tenantId) {
      throw new DomainError('NOT_FOUND', 'There is no such file.');
    }
    return file;
  }

  /** @throws DomainError NOT_FOUND, CONFLICT while an unfinished job reads it */
  async delete(
    tenantId: string,
    id: string,
    alongside: Alongside = async () => undefined,
  ): Promise<void> {
    const file = await this.get(tenantId, id);
    await this.options.database.transaction(async (tx) => {
      if (!(await filesRepository.removeUnused(tx, id))) {
        throw new DomainError(
          'CONFLICT',
          'A job that is not finished reads this file. Cancel it, or wait for its end.',
        );
      }
      await alongside(tx, file);
    });
    await this.store.remove(id);
  }

  hold(tx: Transaction, id: string): Promise<boolean> {
    return filesRepository.hold(tx, id);
  }

  removeRow(tx: Transaction, id: string): Promise<boolean> {
    return filesRepository.removeUnclaimed(tx, id);
  }

  removeBytes(id: string): Promise<void> {
    return this.store.remove(id);
  }

  planSlices(file: FileRow, itemsPerSlice: number): readonly SlicePlan[] {
    return planSlices(file, itemsPerSlice);
  }

  /**
   * The rows of a piece of the file at a time.
   * @param byteStart where a row begins
   * @throws FileMissingError or FileDamagedError when the stored bytes are not what was uploaded
   */
  readRows(
    file: FileContent,
    byteStart: number,
    byteEnd: number,
  ): AsyncIterable<readonly JobInput[]> {
    const key = Buffer.from(
      this.options.cipher.decrypt(placeOfKey(file.id), file.dataKey),
      'base64',
    );
    const { id, size } = file;
    const pieces = this.store.read({ id, key, size }, byteStart, byteEnd);
    return readInputs(pieces, formatOf(file), file.columns);
  }

  /**
   * Removes files whose time is over, and what uploads of ended processes left.
   * @returns how many files it were
   */
  async removeExpired(): Promise<number> {
    const expired = await this.options.database.transaction((tx) =>
      filesRepository.removeExpired(tx, this.now()),
    );
    for (const id of expired) await this.store.remove(id);
    if (Date.now() - this.tidiedAt > TIDY_EVERY_MS) {
      this.tidiedAt = Date.now();
      await this.removeOrphans();
    }
    return expired.length;
  }

  /** Whose row is not there: of processes that ended between the two. */
  private async removeOrphans(): Promise<void> {
    const idle = await this.store.idleSince(new Date(Date.now() - IDLE_MS));
    for (let at = 0; at < idle.length; at += ASKED_AT_ONCE) {
      const ids = idle.slice(at, at + ASKED_AT_ONCE);
      const known = await filesRepository.existing(this.options.database.db, ids);
      for (const id of ids) if (!known.has(id)) await this.store.remove(id);
    }
  }

  /** Resolves once no upload is under way; to be called when no more come. */
  async close(): Promise<void> {
    await Promise.allSettled(this.receiving);
  }

  private async receiveAndRecord(
    pieces: AsyncIterable<Buffer>,
    { tenantId, principalId }: FileOwner,
    alongside: Alongside,
  ): Promise<FileRow> {
    const { database, cipher, maxBytes, keepHours } = this.options;
    const { key, ...received } = await receiveFile(pieces, this.store, maxBytes);
    const createdAt = this.now();
    const row: FileRow = {
      ...{ id: received.id, tenantId, principalId },
      ...{ format: received.format, size: received.size, sha256: received.sha256 },
      ...{ rows: received.rows, rowStep: received.rowStep },
      columns: received.columns === null ? null : [...received.columns],
      rowOffsets: [...received.rowOffsets],
      dataKey: cipher.encrypt(placeOfKey(received.id), key.toString('base64')),
      createdAt,
      expiresAt: new Date(createdAt.getTime() + keepHours * HOUR_MS),
    };
    try {
      await database.transaction(async (tx) => {
        await filesRepository.add(tx, row);
        await alongside(tx, row);
      });
    } catch (error) {
      await this.store.remove(row.id);
      throw error;
    }
    return row;
  }
}

function placeOfKey(id: string): FieldPlace {
  return { table: 'files', column: 'data_key', row: id };
}

function formatOf({ format }: FileContent): 'jsonl' | 'csv' {
  return format === 'csv' ? 'csv' : 'jsonl';
}
