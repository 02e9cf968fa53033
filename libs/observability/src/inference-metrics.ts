import type { PredictionEvent } from '@app/common';
import { Counter, Gauge, Histogram } from 'prom-client';
import type { Registry } from 'prom-client';
import { confidenceBand } from './confidence-band.js';
import { getOrMake } from './get-or-make.js';
import { LabelLimit } from './label-limit.js';

/** One batch that ran, as the scheduler reports it. */
export interface BatchObservation {
  /** `name@version`. */
  readonly model: string;
  readonly size: number;
  readonly paddedTokens: number;
  /** Share of the tokens that was padding, 0–1. */
  readonly paddingWaste: number;
  /** Time inside the model, milliseconds. */
  readonly runMs: number;
  readonly ok: boolean;
}

/** What waits in the scheduler now. */
export interface QueueDepth {
  readonly interactive: { readonly items: number; readonly tokens: number };
  readonly bulk: { readonly items: number; readonly tokens: number };
}

type ModelLabel = 'model' | 'version';
type ModelHistogram = Histogram<ModelLabel>;
type ModelObserver = Histogram.Internal<ModelLabel>;

interface BatchSeries {
  readonly size: ModelObserver;
  readonly tokens: ModelObserver;
  readonly waste: ModelObserver;
  readonly run: ModelObserver;
}

interface PredictionSeries {
  readonly queue: ModelObserver;
  readonly total: ModelObserver;
  readonly byLabel: Map<string, Map<string, Counter.Internal>>;
}

const MODEL = ['model', 'version'] as const;
// From one short text on a GPU to the time limit of a request.
const SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
];
const SIZES = [1, 2, 4, 8, 16, 32, 64, 128, 256];
const TOKENS = [16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16_384];
const SHARES = [0, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75];

/** Everything counted between admission and answer: queue, batches, runs, predictions, lanes. */
export class InferenceMetrics {
  private readonly batchSize: ModelHistogram;
  private readonly batchTokens: ModelHistogram;
  private readonly waste: ModelHistogram;
  private readonly run: ModelHistogram;
  private readonly queue: ModelHistogram;
  private readonly total: ModelHistogram;
  private readonly predictions: Counter<ModelLabel | 'label' | 'confidence_band'>;
  private readonly failedBatches: Counter<ModelLabel>;
  private readonly refused: Counter<'reason'>;
  private readonly restarts: Counter<'lane'>;
  private readonly provider: Gauge<ModelLabel | 'provider'>;

  private readonly models = new LabelLimit();
  private readonly versions = new LabelLimit();
  private readonly labels = new LabelLimit();
  private readonly reasons = new LabelLimit();
  private readonly batchSeries = new Map<string, BatchSeries>();
  private readonly predictionSeries = new Map<string, Map<string, PredictionSeries>>();
  private readonly providers = new Map<string, string>();
  private depth: (() => QueueDepth) | null = null;

  constructor(private readonly registry: Registry) {
    this.batchSize = this.histogram('inference_batch_size', 'Items in a batch.', SIZES);
    this.batchTokens = this.histogram(
      'inference_batch_tokens',
      'Tokens of a batch, padding included.',
      TOKENS,
    );
    this.waste = this.histogram(
      'inference_padding_waste_ratio',
      'Share of the tokens of a batch that was padding, 0 to 1.',
      SHARES,
    );
    this.run = this.histogram(
      'inference_run_seconds',
      'Time of a batch inside the model, in seconds.',
      SECONDS,
    );
    this.queue = this.histogram(
      'inference_queue_seconds',
      'Time an item waited for its batch, in seconds.',
      SECONDS,
    );
    this.total = this.histogram(
      'inference_total_seconds',
      'Time of an item from admission to result, in seconds.',
      SECONDS,
    );
    const registers = [registry];
    this.predictions = new Counter({
      name: 'model_predictions_total',
      help: 'Predictions answered, by label and band of the score.',
      labelNames: [...MODEL, 'label', 'confidence_band'],
      registers,
    });
    this.failedBatches = new Counter({
      name: 'inference_failed_batches_total',
      help: 'Batches that ended without results.',
      labelNames: MODEL,
      registers,
    });
    this.refused = new Counter({
      name: 'inference_refused_total',
      help: 'Requests the scheduler turned away, by reason.',
      labelNames: ['reason'],
      registers,
    });
    this.restarts = new Counter({
      name: 'lane_restarts_total',
      help: 'Times a lane ended and was started again.',
      labelNames: ['lane'],
      registers,
    });
    this.provider = new Gauge({
      name: 'execution_provider_info',
      help: 'The execution provider each loaded model runs on; always 1.',
      labelNames: [...MODEL, 'provider'],
      registers,
    });
    this.registerQueueGauges();
  }

  /** Where the queue gauges read from whenever the metrics are asked for. */
  readQueueFrom(depth: () => QueueDepth): void {
    this.depth = depth;
  }

  observeBatch(batch: BatchObservation): void {
    const { model, version } = this.modelLabels(batch.model);
    if (!batch.ok) {
      this.failedBatches.inc({ model, version });
      return;
    }
    const series = getOrMake(this.batchSeries, `${model}@${version}`, () => ({
      size: this.batchSize.labels(model, version),
      tokens: this.batchTokens.labels(model, version),
      waste: this.waste.labels(model, version),
      run: this.run.labels(model, version),
    }));
    series.size.observe(batch.size);
    series.tokens.observe(batch.paddedTokens);
    series.waste.observe(batch.paddingWaste);
    series.run.observe(batch.runMs / 1000);
  }

  observePrediction(event: PredictionEvent): void {
    const series = this.predictionSeriesOf(event.model, event.version);
    series.queue.observe(event.queueMs / 1000);
    series.total.observe((event.queueMs + event.runMs) / 1000);
    this.predictionCounter(series, event).inc();
  }

  countRefusal(reason: string): void {
    this.refused.inc({ reason: this.reasons.fold(reason) });
  }

  countLaneRestart(lane: number): void {
    this.restarts.inc({ lane: String(lane) });
  }

  /** @param key `name@version`; null for a model that was unloaded */
  setProvider(key: string, provider: string | null): void {
    const labels = this.modelLabels(key);
    const before = this.providers.get(key);
    if (before !== undefined) this.provider.remove({ ...labels, provider: before });
    if (provider === null) {
      this.providers.delete(key);
      return;
    }
    this.providers.set(key, provider);
    this.provider.set({ ...labels, provider }, 1);
  }

  private predictionSeriesOf(rawModel: string, rawVersion: string): PredictionSeries {
    const model = this.models.fold(rawModel);
    const version = this.versions.fold(rawVersion);
    const byVersion = getOrMake(
      this.predictionSeries,
      model,
      () => new Map<string, PredictionSeries>(),
    );
    return getOrMake(byVersion, version, () => ({
      queue: this.queue.labels(model, version),
      total: this.total.labels(model, version),
      byLabel: new Map(),
    }));
  }

  private predictionCounter(series: PredictionSeries, event: PredictionEvent): Counter.Internal {
    const label = event.label === undefined ? 'none' : this.labels.fold(event.label);
    const band = event.score === undefined ? 'none' : confidenceBand(event.score);
    const byBand = getOrMake(series.byLabel, label, () => new Map<string, Counter.Internal>());
    return getOrMake(byBand, band, () =>
      this.predictions.labels(
        this.models.fold(event.model),
        this.versions.fold(event.version),
        label,
        band,
      ),
    );
  }

  private modelLabels(key: string): { readonly model: string; readonly version: string } {
    const at = key.lastIndexOf('@');
    return {
      model: this.models.fold(at < 0 ? key : key.slice(0, at)),
      version: this.versions.fold(at < 0 ? 'none' : key.slice(at + 1)),
    };
  }

  private histogram(name: string, help: string, buckets: number[]): ModelHistogram {
    return new Histogram({ name, help, labelNames: MODEL, buckets, registers: [this.registry] });
  }

  private registerQueueGauges(): void {
    this.queueGauge(
      'inference_queue_requests',
      'Items that wait for a lane, by priority.',
      ({ items }) => items,
    );
    this.queueGauge(
      'inference_queue_tokens',
      'Tokens that wait for a lane, by priority.',
      ({ tokens }) => tokens,
    );
  }

  private queueGauge(
    name: string,
    help: string,
    read: (waiting: QueueDepth['bulk']) => number,
  ): void {
    const depth = (): QueueDepth | undefined => this.depth?.();
    new Gauge({
      name,
      help,
      labelNames: ['priority'],
      registers: [this.registry],
      collect() {
        const now = depth();
        if (now === undefined) return;
        this.set({ priority: 'interactive' }, read(now.interactive));
        this.set({ priority: 'bulk' }, read(now.bulk));
      },
    });
  }
}
