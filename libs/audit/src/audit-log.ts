import { and, lt, type SQL } from 'drizzle-orm';
import { invalidField, newId } from '@app/common';
import { CHAIN_START, rowMac, sameMac } from './audit-chain.js';
import type { AuditEvent } from './audit-event.js';
import { auditRows, type ChainHead, type Queryable } from './audit-log.repository.js';
import { rowContent, type AuditRow } from './audit-row.js';
import { auditLog } from './audit.schema.js';
import { CheckpointFiles } from './checkpoints/checkpoint-files.js';
import { CheckpointWriter } from './checkpoints/checkpoint-writer.js';
import { filterCondition, type AuditFilter } from './reading/audit-filter.js';
import { exportEntries, type ExportFormat } from './reading/export-entries.js';
import type { AuditFinding } from './verification/finding.js';
import { verifyAuditLog, type AuditVerification } from './verification/verify-audit-log.js';

/** A pino logger is one. */
export interface AuditLogger {
  error(details: object, message: string): void;
}

export interface AuditOptions {
  readonly db: Queryable;
  /** 32 secret bytes that outlive every row. */
  readonly key: Buffer;
  /** A keyed hash, which tells nobody who it is. */
  readonly hashPatient: (patientId: string) => Buffer;
  /** Where checkpoints are appended. Whoever can alter the database should not reach it. */
  readonly checkpointFolder: string;
  readonly log: AuditLogger;
  /** How often a checkpoint is written while there are new rows, ms. */
  readonly checkpointMs?: number;
}

export interface AuditPage {
  /** The newest first. */
  readonly entries: readonly AuditRow[];
  /** For the next page; null when this is the last. */
  readonly nextCursor: string | null;
  /** Of all pages. */
  readonly total: number;
}

/** Well below the second within which a row is to be anchored. */
const CHECKPOINT_MS = 500;
const STREAM_ROWS = 500;

/**
 * Records who did what. Rows form a chain of MACs; its head is written to a
 * file outside of the database again and again, so that neither a row nor the
 * end of the table can be changed unnoticed.
 */
export class AuditLog {
  private readonly files: CheckpointFiles;
  private readonly writer: CheckpointWriter;
  private anchored = 0;
  private timer: NodeJS.Timeout | null = null;
  private anchoring: Promise<void> | null = null;
  private failing = false;

  constructor(private readonly options: AuditOptions) {
    const { checkpointFolder, key } = options;
    this.files = new CheckpointFiles(checkpointFolder, key);
    this.writer = new CheckpointWriter(checkpointFolder, key);
  }

  /**
   * Starts to write checkpoints. Says in the log when the database lacks rows
   * that a checkpoint has seen, as after tampering or an old backup's return,
   * and goes on: refusing service would help whoever did it.
   *
   * @returns whether the database holds what the last checkpoint names
   */
  async open(): Promise<boolean> {
    const intact = await this.holdsNewestCheckpoint();
    if (!intact) {
      this.options.log.error(
        { folder: this.options.checkpointFolder },
        'the audit log lacks rows that a checkpoint has seen: run `npm run audit -- verify`',
      );
    }
    await this.checkpoint();
    this.timer = setInterval(
      () => this.checkpointAside(),
      this.options.checkpointMs ?? CHECKPOINT_MS,
    );
    this.timer.unref();
    return intact;
  }

  /** Anchors what has been committed. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    try {
      // One that is under way may have begun before the last commit.
      await this.anchoring?.catch(() => undefined);
      await this.checkpoint();
    } finally {
      await this.writer.close();
    }
  }

  /**
   * Records events in the caller's transaction, so that they are there exactly
   * when what they tell of is. Others that record wait for this transaction to
   * end: call it last. It needs READ COMMITTED, Postgres's default.
   */
  async record(tx: Queryable, ...events: readonly AuditEvent[]): Promise<void> {
    const { key, hashPatient } = this.options;
    await auditRows.lockChain(tx);
    // A statement of its own: only then does it see what was committed while this one waited.
    const head = await auditRows.head(tx);
    let { seq, mac } = head ?? { seq: 0, mac: CHAIN_START };
    const rows = events.map((event): AuditRow => {
      const row = { ...rowContent(event, hashPatient), seq: ++seq, id: newId(), at: new Date() };
      mac = rowMac(key, mac, row);
      return { ...row, mac };
    });
    await auditRows.append(tx, rows);
  }

  /** Writes the newest row's number and MAC to disk, unless this has been done. */
  checkpoint(): Promise<void> {
    this.anchoring ??= this.anchor().finally(() => (this.anchoring = null));
    return this.anchoring;
  }

  /**
   * Compares every row with the chain and every checkpoint with its row, in
   * constant memory and without holding anybody up.
   */
  verify(onFinding?: (finding: AuditFinding) => void): Promise<AuditVerification> {
    return verifyAuditLog(this.options.db, this.options.key, this.files, onFinding);
  }

  /** @throws DomainError VALIDATION_ERROR when the cursor is none of ours */
  async list(filter: AuditFilter, limit: number, cursor?: string): Promise<AuditPage> {
    const { db } = this.options;
    const condition = this.condition(filter);
    const before = cursor === undefined ? undefined : lt(auditLog.seq, seqOf(cursor));
    const entries = await auditRows.newest(db, limit + 1, and(condition, before));
    const more = entries.length > limit;
    if (more) entries.pop();
    return {
      entries,
      nextCursor: more ? String(entries.at(-1)?.seq) : null,
      total: await auditRows.count(db, condition),
    };
  }

  /** All entries that match, the oldest first, a page in memory at a time. */
  async *stream(filter: AuditFilter): AsyncGenerator<AuditRow> {
    const condition = this.condition(filter);
    let after = 0;
    for (;;) {
      const page = await auditRows.after(this.options.db, after, STREAM_ROWS, condition);
      yield* page;
      const last = page.at(-1);
      if (last === undefined || page.length < STREAM_ROWS) return;
      after = last.seq;
    }
  }

  /** The lines of {@link stream} in one of the {@link ExportFormat}s. */
  export(filter: AuditFilter, format: ExportFormat): AsyncGenerator<string> {
    return exportEntries(this.stream(filter), format);
  }

  private condition(filter: AuditFilter): SQL | undefined {
    return filterCondition(filter, this.options.hashPatient);
  }

  private async holdsNewestCheckpoint(): Promise<boolean> {
    const newest = await this.files.newest();
    if (newest === null) return true;
    const found = (await auditRows.macs(this.options.db, [newest.seq])).get(newest.seq);
    return found !== undefined && sameMac(found, newest.mac);
  }

  private async anchor(): Promise<void> {
    const head: ChainHead | null = await auditRows.head(this.options.db);
    if (head === null || head.seq === this.anchored) return;
    if (head.seq < this.anchored) {
      this.options.log.error(
        { last: head.seq, anchored: this.anchored },
        'rows of the audit log have disappeared: run `npm run audit -- verify`',
      );
    }
    await this.writer.write({ ...head, at: new Date() });
    this.anchored = head.seq;
  }

  private checkpointAside(): void {
    this.checkpoint().then(
      () => (this.failing = false),
      (error: unknown) => {
        if (this.failing) return;
        this.failing = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.options.log.error({ reason }, 'audit checkpoints cannot be written');
      },
    );
  }
}

function seqOf(cursor: string): number {
  if (/^[1-9]\d{0,15}$/.test(cursor)) return Number(cursor);
  throw invalidField('cursor', 'invalid', 'cursor must be a next_cursor of an earlier answer');
}
