import { invalidField } from '@app/common';
import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { and, desc, eq, inArray, isNotNull, sql } from 'drizzle-orm';
import { predictionLog } from '../monitoring.schema.js';
import { placeOfText } from '../prediction-log/prediction-row.js';
import { matching, type PredictionFilter } from './prediction-filter.js';

/** A prediction as it was written down. */
export interface LoggedPrediction {
  readonly id: string;
  readonly at: Date;
  readonly tenantId: string;
  readonly principalId: string;
  readonly requestId: string;
  readonly model: string;
  readonly version: string;
  readonly task: string;
  readonly label: string | null;
  readonly score: number | null;
  readonly tokens: number;
  readonly unknownShare: number | null;
  readonly queueMs: number;
  readonly runMs: number;
  readonly textStored: boolean;
}

export interface PredictionPage {
  /** The newest first. */
  readonly predictions: readonly LoggedPrediction[];
  /** What the next page comes after; null when this is the last. */
  readonly next: string | null;
  /** How many match in all. */
  readonly total: number;
}

/** `2026-01-31T10:00:00.000Z/0196f3a2-5b1c-7c3e-9f00-1a2b3c4d5e6f` */
const POSITION =
  /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z)\/([\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/;

const { id, at, tenantId, text } = predictionLog;

/** All columns but the texts. */
const COLUMNS = {
  ...{ id, at, tenantId },
  principalId: predictionLog.principalId,
  requestId: predictionLog.requestId,
  model: predictionLog.model,
  version: predictionLog.version,
  task: predictionLog.task,
  label: predictionLog.label,
  score: predictionLog.score,
  tokens: predictionLog.tokens,
  unknownShare: predictionLog.unknownShare,
  queueMs: predictionLog.queueMs,
  runMs: predictionLog.runMs,
  textStored: sql<boolean>`${text} is not null`,
};

/** Reads single predictions of the log. */
export class PredictionReader {
  constructor(
    private readonly database: Pick<Database, 'db'>,
    private readonly cipher: FieldCipher,
  ) {}

  /** @throws DomainError VALIDATION_ERROR on `cursor` when `after` is no `next` of an earlier page */
  async list(
    filter: PredictionFilter,
    after: string | null,
    limit: number,
  ): Promise<PredictionPage> {
    const { db } = this.database;
    const beyond = after === null ? undefined : olderThan(after);
    const [rows, total] = await Promise.all([
      db
        .select(COLUMNS)
        .from(predictionLog)
        .where(and(matching(filter), beyond))
        .orderBy(desc(at), desc(id))
        .limit(limit + 1),
      db.$count(predictionLog, matching(filter)),
    ]);
    const predictions = rows.slice(0, limit);
    const last = predictions.at(-1);
    const more = rows.length > limit && last !== undefined;
    return { predictions, next: more ? `${last.at.toISOString()}/${last.id}` : null, total };
  }

  /**
   * The stored texts of a tenant's predictions, by id. Patient data: who calls
   * this has made sure that the caller may read it, and has recorded that.
   *
   * @throws EnvelopeError when a text was altered
   */
  async texts(ofTenant: string, ids: readonly string[]): Promise<ReadonlyMap<string, string>> {
    if (ids.length === 0) return new Map();
    const rows = await this.database.db
      .select({ id, text })
      .from(predictionLog)
      .where(and(eq(tenantId, ofTenant), inArray(id, [...ids]), isNotNull(text)));
    return new Map(
      rows.flatMap((row) =>
        row.text === null ? [] : [[row.id, this.cipher.decrypt(placeOfText(row.id), row.text)]],
      ),
    );
  }
}

function olderThan(position: string) {
  const [, time = '', uuid] = POSITION.exec(position) ?? [];
  if (Number.isNaN(Date.parse(time))) {
    throw invalidField(
      'cursor',
      'malformed',
      'cursor must be the next_cursor of an earlier answer; leave it out for the first page.',
    );
  }
  return sql`(${at}, ${id}) < (${time}::timestamptz, ${uuid}::uuid)`;
}
