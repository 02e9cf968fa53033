import type { AuditLog } from '@app/audit';
import type { Database } from '@app/database';
import type { TextReads } from './text-reads.js';

/** Records every reading of stored texts before they are given: an event a prediction. */
export function textReads(state: {
  readonly audit: AuditLog;
  readonly database: Database;
}): TextReads {
  return {
    onTextRead: ({ acting, predictionIds }) =>
      state.database.transaction((tx) =>
        state.audit.record(
          tx,
          ...predictionIds.map((id) => ({
            ...acting,
            action: 'prediction_text.read',
            object: { kind: 'prediction', id },
            result: 'success' as const,
            status: 200,
          })),
        ),
      ),
  };
}
