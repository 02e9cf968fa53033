import { Inject, Injectable } from '@nestjs/common';
import { tenantScope } from '@app/auth';
import { DomainError, type RequestContext } from '@app/common';
import { ModelRegistry } from '@app/model-registry';
import {
  Monitoring,
  type DayTrend,
  type LoggedPrediction,
  type PredictionStats,
} from '@app/monitoring';
import { toCursor, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from '../admin/acting.js';
import { roundMs } from '../predictions/prediction-reply.js';
import type {
  DayTrendResponse,
  LoggedPredictionList,
  LoggedPredictionResponse,
  PredictionStatsResponse,
} from './monitoring.dto.js';
import type { PredictionsQuery } from './query-values.js';
import { TEXT_READS, type TextReads } from './text-reads.js';

/** Between the monitoring routes' field names and the library. */
@Injectable()
export class MonitoringService {
  constructor(
    private readonly monitoring: Monitoring,
    private readonly registry: ModelRegistry,
    @Inject(TEXT_READS) private readonly textReads: TextReads,
  ) {}

  /** @throws DomainError MODEL_NOT_FOUND, FORBIDDEN, ACCESS_REASON_REQUIRED */
  async predictions(
    model: string,
    { includeText, ...query }: PredictionsQuery,
    page: PageRequest,
    context: RequestContext,
    acting: Acting,
  ): Promise<LoggedPredictionList> {
    this.assertModel(model);
    const refusal = includeText ? refusalOfTexts(context, acting) : null;
    if (refusal !== null) {
      await this.textReads.onTextRefused(acting, model, refusal);
      throw refusal;
    }
    const { predictions, next, total } = await this.monitoring.predictions.list(
      { tenantId: tenantScope(context), model, ...query },
      page.after,
      page.limit,
    );
    const texts = includeText ? await this.texts(model, predictions, acting) : null;
    return {
      data: predictions.map((prediction) => {
        const response = toResponse(prediction);
        if (texts !== null) response.text = texts.get(prediction.id) ?? null;
        return response;
      }),
      next_cursor: toCursor(next),
      total,
    };
  }

  /** @throws DomainError MODEL_NOT_FOUND */
  async stats(
    model: string,
    hours: number,
    context: RequestContext,
  ): Promise<PredictionStatsResponse> {
    this.assertModel(model);
    const filter = { tenantId: tenantScope(context), model };
    return toStats(await this.monitoring.statistics.stats(filter, hours));
  }

  /** @throws DomainError MODEL_NOT_FOUND */
  async trends(model: string, days: number, context: RequestContext): Promise<DayTrendResponse[]> {
    this.assertModel(model);
    const filter = { tenantId: tenantScope(context), model };
    return (await this.monitoring.statistics.trends(filter, days)).map(toTrend);
  }

  /** Patient data stays within its tenant, also for operators who see the predictions of all. */
  private async texts(
    model: string,
    predictions: readonly LoggedPrediction[],
    acting: Acting,
  ): Promise<ReadonlyMap<string, string>> {
    const predictionIds = predictions
      .filter(({ textStored, tenantId }) => textStored && tenantId === acting.tenantId)
      .map(({ id }) => id);
    if (predictionIds.length === 0) return new Map();
    await this.textReads.onTextRead({ acting, model, predictionIds });
    return this.monitoring.predictions.texts(acting.tenantId, predictionIds);
  }

  private assertModel(name: string): void {
    this.registry.versions(name);
  }
}

function refusalOfTexts({ permissions }: RequestContext, { reason }: Acting): DomainError | null {
  if (!permissions.has('phi:read')) {
    return new DomainError(
      'FORBIDDEN',
      'include_text needs the permission "phi:read". Use a key that holds it, or leave it out.',
    );
  }
  if (typeof reason !== 'string' || reason.trim() === '') {
    return new DomainError(
      'ACCESS_REASON_REQUIRED',
      'Stored texts are patient data: say in X-Access-Reason why they are read, or leave out include_text.',
    );
  }
  return null;
}

export function toStats(stats: PredictionStats): PredictionStatsResponse {
  return {
    total_predictions: stats.total,
    avg_confidence: stats.avgConfidence,
    avg_processing_time_ms: roundedOrNull(stats.avgProcessingMs),
    unique_labels: Object.keys(stats.byLabel).length,
    by_label: stats.byLabel,
  };
}

export function toTrend(trend: DayTrend): DayTrendResponse {
  return {
    date: trend.date,
    count: trend.count,
    avg_processing_time_ms: roundedOrNull(trend.avgProcessingMs),
    avg_confidence: trend.avgConfidence,
  };
}

export function roundedOrNull(ms: number | null): number | null {
  return ms === null ? null : roundMs(ms);
}

function toResponse(prediction: LoggedPrediction): LoggedPredictionResponse {
  return {
    prediction_id: prediction.id,
    created_at: prediction.at.toISOString(),
    tenant_id: prediction.tenantId,
    principal_id: prediction.principalId,
    request_id: prediction.requestId,
    model: prediction.model,
    model_version: prediction.version,
    task: prediction.task,
    label: prediction.label,
    score: prediction.score,
    tokens: prediction.tokens,
    unknown_share: prediction.unknownShare,
    queue_ms: roundMs(prediction.queueMs),
    run_ms: roundMs(prediction.runMs),
    processing_time_ms: roundMs(prediction.queueMs + prediction.runMs),
    text_stored: prediction.textStored,
  };
}
