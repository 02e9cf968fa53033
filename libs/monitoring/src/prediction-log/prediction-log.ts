import { setImmediate as nextTurn } from 'node:timers/promises';
import type { PredictionEvent, PredictionObserver } from '@app/common';
import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { mapInTurns } from '@app/inference';
import type { PredictionLogMetrics } from '@app/observability';
import type { MonitoringLog } from '../monitoring-log.js';
import { BatchWriter, type DropReason } from './batch-writer.js';
import type { RowLimits } from './bounded-rows.js';
import { isRowsFault, predictionLogRepository } from './prediction-log.repository.js';
import { toRow, weightOf, type PredictionRow } from './prediction-row.js';

export interface PredictionLogOptions {
  readonly database: Pick<Database, 'db'>;
  readonly cipher: FieldCipher;
  readonly log: MonitoringLog;
  readonly metrics: PredictionLogMetrics;
  /** Whether texts are kept, encrypted; else only their keyed hash is. */
  readonly storeText: boolean;
  /** What may wait for the database; 50,000 rows and 64 MiB by default. */
  readonly capacity?: Partial<RowLimits>;
  /** How long rows wait for others to be written with, ms; 500 by default. */
  readonly flushMs?: number;
  /** How long closing waits for the database, ms; 5,000 by default. */
  readonly closeMs?: number;
  /** Ms since 1970. */
  readonly now?: () => number;
}

/** What the log did since the start. */
export interface PredictionLogStatus {
  readonly written: number;
  readonly dropped: number;
  readonly buffered: number;
  /** Whether the database takes no rows now. */
  readonly failing: boolean;
}

const CAPACITY: RowLimits = { rows: 50_000, weight: 64 * 1024 * 1024 };
const BATCH: RowLimits = { rows: 500, weight: 4 * 1024 * 1024 };
const FLUSH_MS = 500;
const CLOSE_MS = 5_000;

interface Observed {
  readonly event: PredictionEvent;
  readonly at: number;
}

/**
 * Writes predictions down, in batches and apart from requests: for these it
 * costs the push to an array. Texts leave memory with the next flush, whether
 * the database is there or not: what waits for it holds hashes and envelopes.
 */
export class PredictionLog implements PredictionObserver {
  private readonly writer: BatchWriter<PredictionRow>;
  private readonly now: () => number;
  private fresh: Observed[] = [];
  private making: Promise<void> | null = null;
  private timer: NodeJS.Timeout | null = null;
  private written = 0;
  private dropped = 0;
  private cannotEncrypt = false;

  constructor(private readonly options: PredictionLogOptions) {
    const { database, log, metrics } = options;
    this.now = options.now ?? Date.now;
    this.writer = new BatchWriter<PredictionRow>({
      write: (rows) => predictionLogRepository.add(database.db, rows),
      isRowsFault,
      weigh: weightOf,
      capacity: { ...CAPACITY, ...options.capacity },
      batch: BATCH,
      now: this.now,
      onWritten: (rows) => {
        this.written += rows;
        metrics.countWritten(rows);
      },
      onDropped: (rows, reason) => this.countDropped(rows, reason),
      onFailing: (err) => log.warn({ err }, 'predictions cannot be written down; they wait'),
      onRecovered: () => log.info({}, 'predictions are written down again'),
    });
    metrics.readBufferedFrom(() => this.buffered);
  }

  /** Begins to write every so often. */
  open(): void {
    this.timer = setInterval(() => void this.flush(), this.options.flushMs ?? FLUSH_MS);
    this.timer.unref();
  }

  onPrediction(event: PredictionEvent): void {
    if (this.fresh.push({ event, at: this.now() }) === BATCH.rows) {
      setImmediate(() => void this.flush());
    }
  }

  /** Makes rows of what has come and writes what waits. Never rejects. */
  async flush(): Promise<void> {
    // A statement that hangs must not keep texts in memory: rows are made meanwhile.
    this.making ??= this.makeRows().finally(() => (this.making = null));
    await this.making;
    await this.writer.flush();
  }

  /** Writes down what is left, for as long as one may reasonably wait. */
  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    // Observers are told of the last answers one turn after these.
    await nextTurn();
    await this.making;
    await this.makeRows();
    await this.writer.close(this.options.closeMs ?? CLOSE_MS);
  }

  status(): PredictionLogStatus {
    const { written, dropped, buffered, writer } = this;
    return { written, dropped, buffered, failing: writer.failing };
  }

  private get buffered(): number {
    return this.fresh.length + this.writer.length;
  }

  private async makeRows(): Promise<void> {
    while (this.fresh.length > 0) {
      const events = this.fresh;
      this.fresh = [];
      try {
        this.writer.add(await mapInTurns(events, ({ event, at }) => this.rowOf(event, at)));
      } catch (err) {
        this.options.log.warn({ err }, 'no rows can be made of predictions');
        this.countDropped(events.length, 'malformed');
      }
    }
  }

  /** Without its text when that cannot be encrypted: better than losing the row, or keeping the text. */
  private rowOf(event: PredictionEvent, at: number): PredictionRow {
    const { cipher, storeText, log } = this.options;
    try {
      const row = toRow(event, at, cipher, storeText);
      this.cannotEncrypt = false;
      return row;
    } catch (err) {
      if (!this.cannotEncrypt) {
        this.cannotEncrypt = true;
        log.warn({ err }, 'texts of predictions cannot be encrypted and are not stored');
      }
      return toRow(event, at, cipher, false);
    }
  }

  private countDropped(rows: number, reason: DropReason): void {
    this.dropped += rows;
    this.options.metrics.countDropped(rows, reason);
    if (reason !== 'buffer_full') {
      this.options.log.warn({ rows, reason }, 'predictions were not written down');
    }
  }
}
