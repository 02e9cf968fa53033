/** The state of one thing the service depends on. */
export interface ProbeResult {
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly message: string;
}

/** Implemented by whoever owns a dependency; collected by the health lib. Never enqueues work. */
export interface Probe {
  readonly name: string;
  /** Whether an unhealthy result makes the whole service unhealthy (503). */
  readonly critical: boolean;
  check(): ProbeResult | Promise<ProbeResult>;
}

/** What is known of a prediction once it has been answered. Written out as JSON, it holds no text. */
export interface PredictionEvent {
  readonly predictionId: string;
  readonly tenantId: string;
  readonly principalId: string;
  readonly requestId: string;
  readonly model: string;
  readonly version: string;
  readonly task: string;
  /** Absent for tasks that answer no single label. */
  readonly label?: string;
  readonly score?: number;
  readonly tokens: number;
  /** Share of the tokens that the vocabulary does not know, 0–1. */
  readonly unknownShare?: number;
  readonly queueMs: number;
  readonly runMs: number;
  readonly batchSize: number;
  readonly batchTokens: number;
  readonly paddingWaste: number;
  /** The input as received, for its keyed hash and its encrypted storage; never for logs or metrics. */
  readonly text?: () => string;
}

/** Notified after a result has settled; must not throw, and cannot fail or delay the request. */
export interface PredictionObserver {
  onPrediction(event: PredictionEvent): void;
}
