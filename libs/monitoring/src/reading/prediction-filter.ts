import { and, eq, gte, lt, type SQL } from 'drizzle-orm';
import { predictionLog } from '../monitoring.schema.js';

/** Which predictions; what is left out does not narrow. */
export interface PredictionFilter {
  /** Null: of all tenants. */
  readonly tenantId: string | null;
  readonly model?: string;
  readonly version?: string;
  readonly label?: string;
  /** Inclusive. */
  readonly from?: Date;
  /** Exclusive. */
  readonly to?: Date;
}

export function matching(filter: PredictionFilter): SQL | undefined {
  const { tenantId, model, version, label, from, to } = filter;
  return and(
    tenantId === null ? undefined : eq(predictionLog.tenantId, tenantId),
    model === undefined ? undefined : eq(predictionLog.model, model),
    version === undefined ? undefined : eq(predictionLog.version, version),
    label === undefined ? undefined : eq(predictionLog.label, label),
    from === undefined ? undefined : gte(predictionLog.at, from),
    to === undefined ? undefined : lt(predictionLog.at, to),
  );
}
