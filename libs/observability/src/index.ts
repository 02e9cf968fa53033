export { CachedReading, type CachedReadingOptions, type Reading } from './cached-reading.js';
export { createLogger } from './logger.js';
export type { Logger, LoggerOptions } from './logger.js';
export { maskText } from './masking/mask-text.js';
export type { MaskingOptions } from './masking/mask-text.js';
export { Metrics } from './metrics.js';
export type { MetricsOptions } from './metrics.js';
export type { RequestObservation } from './http-metrics.js';
export type { BatchObservation, QueueDepth } from './inference-metrics.js';
export { NestLogger } from './nest-logger.js';
export { PredictionLogMetrics } from './prediction-log-metrics.js';
export type { RequestSpan, RequestTracer, TracedOutcome } from './tracing/request-tracer.js';
export { openTracing } from './tracing/open-tracing.js';
export type { Tracing, TracingOptions } from './tracing/tracing.js';
export {
  WorkMetrics,
  type QueueEntries,
  type WorkLoad,
  type WorkReadings,
} from './work-metrics.js';
export { LOGGER, ObservabilityModule } from './observability.module.js';
export type { ObservabilityOptions } from './observability.module.js';
