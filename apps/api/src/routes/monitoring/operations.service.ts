import { Injectable } from '@nestjs/common';
import { tenantScope } from '@app/auth';
import type { RequestContext } from '@app/common';
import {
  Monitoring,
  type ApiOverview,
  type MinuteSummary,
  type ModelStats,
  type RequestSummary,
} from '@app/monitoring';
import { roundMs } from '../predictions/prediction-reply.js';
import { roundedOrNull, toStats, toTrend } from './monitoring.service.js';
import type {
  Dashboard,
  MinuteSummaryResponse,
  ModelStatsResponse,
  OverallStats,
  RequestSummaryResponse,
} from './operations.dto.js';

/** Puts together what operators look at: predictions and requests of all models. */
@Injectable()
export class OperationsService {
  constructor(private readonly monitoring: Monitoring) {}

  async stats(hours: number, context: RequestContext): Promise<OverallStats> {
    const tenantId = tenantScope(context);
    return this.overall(hours, tenantId, await this.monitoring.api.overview(tenantId, hours));
  }

  async dashboard(hours: number, days: number, context: RequestContext): Promise<Dashboard> {
    const tenantId = tenantScope(context);
    const { api, statistics, predictionLog } = this.monitoring;
    const overview = await api.overview(tenantId, hours);
    const [overall, trends] = await Promise.all([
      this.overall(hours, tenantId, overview),
      statistics.trends({ tenantId }, days),
    ]);
    return Object.assign(overall, {
      trends: trends.map(toTrend),
      routes: overview.routes.map((summary) => {
        const { method, route } = summary;
        return Object.assign(toSummary(summary), { method, route });
      }),
      minutes: overview.minutes.map(toMinute),
      prediction_log: predictionLog.status(),
    });
  }

  private async overall(
    hours: number,
    tenantId: string | null,
    overview: ApiOverview,
  ): Promise<OverallStats> {
    const { statistics } = this.monitoring;
    const [predictions, models] = await Promise.all([
      statistics.stats({ tenantId }, hours),
      statistics.byModel({ tenantId }, hours),
    ]);
    return {
      timestamp: new Date().toISOString(),
      uptime_seconds: Math.round(process.uptime()),
      hours,
      predictions: toStats(predictions),
      models: models.map(toModel),
      requests: toSummary(overview),
    };
  }
}

function toModel(stats: ModelStats): ModelStatsResponse {
  return {
    model: stats.model,
    model_version: stats.version,
    total_predictions: stats.total,
    avg_confidence: stats.avgConfidence,
    avg_processing_time_ms: roundMs(stats.avgProcessingMs),
    last_prediction_at: stats.last.toISOString(),
  };
}

function toSummary(summary: RequestSummary): RequestSummaryResponse {
  const { requests, failed, refused, avgMs, maxMs, p50Ms, p95Ms } = summary;
  return {
    ...{ requests, failed, refused },
    error_rate: requests === 0 ? 0 : failed / requests,
    avg_ms: roundedOrNull(avgMs),
    max_ms: roundedOrNull(maxMs),
    p50_ms: roundedOrNull(p50Ms),
    p95_ms: roundedOrNull(p95Ms),
  };
}

function toMinute({ minute, requests, failed, avgMs }: MinuteSummary): MinuteSummaryResponse {
  return { minute: minute.toISOString(), requests, failed, avg_ms: roundMs(avgMs) };
}
