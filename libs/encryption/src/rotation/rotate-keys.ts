import { setTimeout as sleep } from 'node:timers/promises';
import { sql, type SQL } from 'drizzle-orm';
import { EnvelopeError, openField, sealField, versionOf } from '../field-envelope.js';
import type { FieldPlace } from '../field-cipher.js';
import type { KeyRing } from '../key-ring.js';
import { storedKeys, type Queryable, type StoredDataKey } from '../stored-keys.repository.js';
import type { EncryptionTiming } from '../timing.js';
import {
  columnSql,
  madeWithOthers,
  type ColumnSql,
  type EncryptedColumn,
} from './encrypted-column.js';
import { reencryptColumn } from './reencrypt-column.js';

export type RotationProgress =
  /** `resumed`: an earlier rotation had not come to its end. */
  | { readonly phase: 'key'; readonly version: number; readonly resumed: boolean }
  /** Until every instance knows the key, or writes with it. */
  | { readonly phase: 'waiting'; readonly seconds: number }
  /** `total` is what there was to do when the column's first pass began; the service may add to it. */
  | {
      readonly phase: 'column';
      readonly table: string;
      readonly column: string;
      readonly done: number;
      readonly total: number;
    };

export interface RotationResult {
  readonly version: number;
  readonly reencrypted: number;
  /** Rows whose envelopes no key opens, by column; while there are any, old keys are not retired. */
  readonly unreadable: readonly (EncryptedColumn & { readonly rows: number })[];
}

export interface RotationOptions {
  readonly columns: readonly EncryptedColumn[];
  readonly onProgress?: (progress: RotationProgress) => void;
  readonly signal?: AbortSignal;
}

interface RotatedColumn {
  readonly target: EncryptedColumn;
  readonly names: ColumnSql;
  total: number;
  done: number;
  unreadable: number;
}

/** A pass that met locked rows leaves them to the next. */
const BETWEEN_PASSES_MS = 100;

/** One rotation of the data key, while services run. Everything it needs to go on after a crash is in the database. */
export class KeyRotation {
  constructor(
    private readonly db: Queryable,
    private readonly ring: KeyRing,
    private readonly timing: EncryptionTiming,
    private readonly options: RotationOptions,
  ) {}

  async run(): Promise<RotationResult> {
    // Before there is a new key: a wrong list of columns must change nothing.
    const columns = await this.columns();
    const { version, resumed } = await this.newestKey();
    this.options.onProgress?.({ phase: 'key', version, resumed });
    await this.waitUntil(version, 0);
    await this.pass(columns, version);
    // Then only may a pass be the last: before, somebody may write with the old key.
    await this.waitUntil(version, this.timing.settleMs);
    do {
      await sleep(BETWEEN_PASSES_MS, undefined, { signal: this.options.signal });
      await this.pass(columns, version);
    } while (!(await this.finished(columns, version)));
    const unreadable = columns.filter((column) => column.unreadable > 0);
    if (unreadable.length === 0) {
      await this.db.transaction(async (tx) => {
        await storedKeys.lock(tx);
        await storedKeys.retireBefore(tx, version);
      });
    }
    return {
      version,
      reencrypted: columns.reduce((sum, { done }) => sum + done, 0),
      unreadable: unreadable.map((column) => ({ ...column.target, rows: column.unreadable })),
    };
  }

  private async newestKey(): Promise<{ version: number; resumed: boolean }> {
    const keys = await storedKeys.dataKeys(this.db);
    const newest = keys.at(-1)?.version ?? 0;
    const resumed = keys.some((key) => key.version < newest && key.retiredAt === null);
    return { version: resumed ? newest : await this.ring.publishAfter(newest), resumed };
  }

  private columns(): Promise<RotatedColumn[]> {
    return Promise.all(
      this.options.columns.map(async (target) => {
        const names = await columnSql(this.db, target);
        return { target, names, total: 0, done: 0, unreadable: 0 };
      }),
    );
  }

  private async pass(columns: readonly RotatedColumn[], version: number): Promise<void> {
    await this.ring.refresh();
    for (const column of columns) {
      const left = await this.countOthers(column, version);
      if (left === 0) {
        column.unreadable = 0;
        continue;
      }
      column.total = Math.max(column.total, column.done + left);
      column.unreadable = await reencryptColumn(column.target, column.names, {
        db: this.db,
        others: this.others(column, version),
        reencrypt: (place, envelope) => this.reencrypt(version, place, envelope),
        signal: this.options.signal,
        onChanged: (rows) => {
          column.done += rows;
          this.report(column);
        },
      });
    }
  }

  private async finished(columns: readonly RotatedColumn[], version: number): Promise<boolean> {
    for (const column of columns) {
      if ((await this.countOthers(column, version)) > column.unreadable) return false;
    }
    return true;
  }

  private async countOthers(column: RotatedColumn, version: number): Promise<number> {
    const { rows } = await this.db.execute<{ count: number }>(sql`
      select count(*)::float8 as count from ${column.names.table}
      where ${this.others(column, version)}`);
    return rows[0]?.count ?? 0;
  }

  /** Rows to do. A key that came after ours, because ours was used often, does as well. */
  private others({ names }: RotatedColumn, version: number): SQL {
    const newer = this.ring.versions().filter((known) => known > version);
    return madeWithOthers(names.column, [version, ...newer]);
  }

  private reencrypt(version: number, place: FieldPlace, envelope: string): string {
    const madeWith = versionOf(place, envelope);
    if (!this.ring.versions().includes(madeWith)) {
      throw new EnvelopeError(`There never was an encryption key ${madeWith}.`);
    }
    const plain = openField(this.ring.get(madeWith), place, envelope);
    this.ring.countFor(version);
    return sealField(this.ring.get(version), version, place, plain);
  }

  /** Waits until the key has been active for so long. */
  private async waitUntil(version: number, activeMs: number): Promise<void> {
    const keys = await storedKeys.dataKeys(this.db);
    const key = keys.find((row: StoredDataKey) => row.version === version);
    const left = activeMs - (key?.activeMs ?? 0);
    if (left <= 0) return;
    this.options.onProgress?.({ phase: 'waiting', seconds: Math.ceil(left / 1000) });
    await sleep(left, undefined, { signal: this.options.signal });
  }

  private report({ target, done, total }: RotatedColumn): void {
    const { table, column } = target;
    this.options.onProgress?.({
      phase: 'column',
      table,
      column,
      done,
      total: Math.max(total, done),
    });
  }
}
