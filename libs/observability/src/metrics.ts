import type { PredictionEvent, PredictionObserver } from '@app/common';
import { Registry, collectDefaultMetrics } from 'prom-client';
import { HttpMetrics } from './http-metrics.js';
import { InferenceMetrics } from './inference-metrics.js';
import { PredictionLogMetrics } from './prediction-log-metrics.js';
import { WorkMetrics } from './work-metrics.js';

export interface MetricsOptions {
  /** Also memory, CPU, garbage collection and event loop lag of this process. Default true. */
  readonly process?: boolean;
}

/** The library's 10 ms would wake an idle process a hundred times a second. */
const EVENT_LOOP_PRECISION_MS = 50;

/**
 * The service's metrics, in Prometheus' text format. An observation looks its
 * series up in a map and costs about a microsecond.
 */
export class Metrics implements PredictionObserver {
  private readonly registry = new Registry();
  readonly http = new HttpMetrics(this.registry);
  readonly inference = new InferenceMetrics(this.registry);
  readonly predictionLog = new PredictionLogMetrics(this.registry);
  readonly work = new WorkMetrics(this.registry);

  constructor(options: MetricsOptions = {}) {
    if (options.process ?? true) {
      collectDefaultMetrics({
        register: this.registry,
        eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS,
      });
    }
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  render(): Promise<string> {
    return this.registry.metrics();
  }

  onPrediction(event: PredictionEvent): void {
    this.inference.observePrediction(event);
  }
}
