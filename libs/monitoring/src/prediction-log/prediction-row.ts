import type { PredictionEvent } from '@app/common';
import type { FieldCipher, FieldPlace } from '@app/encryption';

/** A row of `prediction_log`, under its columns' names, as JSON takes it. */
export interface PredictionRow {
  readonly id: string;
  readonly at: string;
  readonly tenant_id: string;
  readonly principal_id: string;
  readonly request_id: string;
  readonly model: string;
  readonly version: string;
  readonly task: string;
  readonly label: string | null;
  readonly score: number | null;
  readonly tokens: number;
  readonly unknown_share: number | null;
  readonly queue_ms: number;
  readonly run_ms: number;
  /** Hexadecimal. */
  readonly text_hash: string | null;
  /** Encrypted. */
  readonly text: string | null;
}

/** The column of texts, for the rotation of their keys. */
export const PREDICTION_TEXT = { table: 'prediction_log', column: 'text', rowKey: 'id' } as const;

const HASH_PURPOSE = 'prediction-text';

export function placeOfText(predictionId: string): FieldPlace {
  return { table: PREDICTION_TEXT.table, column: PREDICTION_TEXT.column, row: predictionId };
}

/**
 * What is kept of a prediction: of its text the keyed hash, and the text
 * itself, encrypted, when `storeText` says so.
 *
 * @param at ms since 1970
 * @throws DomainError SERVICE_UNAVAILABLE when a text is to be stored and cannot be encrypted now
 */
export function toRow(
  event: PredictionEvent,
  at: number,
  cipher: FieldCipher,
  storeText: boolean,
): PredictionRow {
  const text = event.text?.();
  return {
    id: event.predictionId,
    at: new Date(at).toISOString(),
    tenant_id: event.tenantId,
    principal_id: event.principalId,
    request_id: event.requestId,
    model: event.model,
    version: event.version,
    task: event.task,
    label: event.label ?? null,
    score: event.score ?? null,
    tokens: event.tokens,
    unknown_share: event.unknownShare ?? null,
    queue_ms: event.queueMs,
    run_ms: event.runMs,
    text_hash: text === undefined ? null : cipher.keyedHash(HASH_PURPOSE, text).toString('hex'),
    text:
      text === undefined || !storeText
        ? null
        : cipher.encrypt(placeOfText(event.predictionId), text),
  };
}

const WITHOUT_TEXT = 600;

/** About the bytes a row takes in memory and in a statement. */
export function weightOf(row: PredictionRow): number {
  return WITHOUT_TEXT + (row.text?.length ?? 0);
}
