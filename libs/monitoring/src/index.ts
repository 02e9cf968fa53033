export { apiMetrics, predictionLog } from './monitoring.schema.js';
export type { MonitoringLog } from './monitoring-log.js';
export { Monitoring, type MonitoringOptions } from './monitoring.js';
export { ApiMetrics, type ApiMetricsOptions } from './api-metrics/api-metrics.js';
export type { ApiRequest } from './api-metrics/minute-counts.js';
export {
  PredictionLog,
  type PredictionLogOptions,
  type PredictionLogStatus,
} from './prediction-log/prediction-log.js';
export { PREDICTION_TEXT } from './prediction-log/prediction-row.js';
export type { PredictionFilter } from './reading/prediction-filter.js';
export {
  PredictionReader,
  type LoggedPrediction,
  type PredictionPage,
} from './reading/prediction-reader.js';
export {
  PredictionStatistics,
  type DayTrend,
  type ModelStats,
  type PredictionStats,
} from './reading/prediction-statistics.js';
export {
  ApiStatistics,
  type ApiOverview,
  type MinuteSummary,
  type RequestSummary,
  type RouteSummary,
} from './reading/api-overview.js';
export { Retention, type RetentionOptions } from './retention.js';
