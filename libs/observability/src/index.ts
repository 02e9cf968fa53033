export { createLogger } from './logger.js';
export type { Logger, LoggerOptions } from './logger.js';
export { Metrics } from './metrics.js';
export type { MetricsOptions } from './metrics.js';
export type { RequestObservation } from './http-metrics.js';
export type { BatchObservation, QueueDepth } from './inference-metrics.js';
export { NestLogger } from './nest-logger.js';
export { LOGGER, ObservabilityModule } from './observability.module.js';
export type { ObservabilityOptions } from './observability.module.js';
