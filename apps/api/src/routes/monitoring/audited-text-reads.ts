import type { AuditLog } from '@app/audit';
import type { Database } from '@app/database';
import { AuditedActs } from '../admin/audited-acts.js';
import type { TextReads } from './text-reads.js';

const ACTION = 'prediction_text.read';

/**
 * Records every reading of stored texts before they are given: an event a
 * prediction. An attempt that is refused is one event, on the model.
 */
export function textReads(state: {
  readonly audit: AuditLog;
  readonly database: Database;
}): TextReads {
  const acts = new AuditedActs(state.database, state.audit);
  return {
    onTextRefused: (acting, model, refusal) =>
      acts.refused(acting, { action: ACTION, object: { kind: 'model', id: model } }, refusal),
    onTextRead: ({ acting, predictionIds }) =>
      state.database.transaction((tx) =>
        state.audit.record(
          tx,
          ...predictionIds.map((id) => ({
            ...acting,
            action: ACTION,
            object: { kind: 'prediction', id },
            result: 'success' as const,
            status: 200,
          })),
        ),
      ),
  };
}
