import type { ProviderName } from '@app/model-registry';

/**
 * The seam between the scheduler and whatever computes. A runtime owns one
 * device and its lanes; a lane runs one batch at a time and may hold one more.
 */
export interface Runtime {
  /** All lanes, ready or not; the array never changes after `start`. */
  readonly lanes: readonly Lane[];
  /** Brings every lane up. Rejects when none can start. */
  start(): Promise<void>;
  /** Opens a model on every lane (and on every lane that restarts later). */
  load(spec: ModelSpec): Promise<LoadedModel>;
  unload(key: string): Promise<void>;
  /** Called each time a lane turns ready: at start and after each restart. */
  onLaneReady(listener: (lane: Lane) => void): void;
  stats(): RuntimeStats;
  /** Ends the lanes. Batches still running are rejected with LaneDiedError. */
  close(): Promise<void>;
}

export interface Lane {
  readonly id: number;
  /** Whether it takes work now. */
  readonly ready: boolean;
  /** Batches handed over and not settled: running or waiting in the lane. */
  readonly inFlight: number;
  /**
   * Runs one batch. Batches of one lane run in the order given.
   * @throws LaneDiedError when the lane ended before answering.
   * @throws RunFailedError when the model refused the batch; the lane lives on.
   */
  run(key: string, batch: TokenBatch): Promise<BatchOutput>;
}

/** What a lane needs to open one model version. */
export interface ModelSpec {
  /** `name@version`. */
  readonly key: string;
  /** Absolute path of the ONNX file. */
  readonly path: string;
  readonly inputs: { readonly ids: string; readonly mask?: string; readonly types?: string };
  readonly output: string;
  readonly reduce: OutputReduction;
  readonly vocabSize: number;
  readonly maxTokens: number;
  /** In order of preference; the first that opens is used. */
  readonly providers: readonly ProviderName[];
}

/**
 * What is sent back for one item, done in the lane so that padding and hidden
 * states never cross the pipe nor cost the event loop:
 * `row` — the output's row, [K]; `tokens` — a row per real token, [length × K];
 * `mean`/`cls` — hidden states pooled over real tokens, [H], optionally L2-normalised.
 */
export type OutputReduction =
  | { readonly kind: 'row' }
  | { readonly kind: 'tokens' }
  | { readonly kind: 'mean' | 'cls'; readonly normalize: boolean };

/** Sequences of one batch, unpadded, one after the other. Padding is the lane's business. */
export interface TokenBatch {
  /** Token count of each item, 1 or more. */
  readonly lengths: readonly number[];
  /** One array of ids an item. */
  readonly ids: readonly Int32Array[];
}

export interface BatchOutput {
  /** One array an item, in order; see OutputReduction for its meaning. */
  readonly rows: readonly Float32Array[];
  /** Time inside the model, milliseconds. */
  readonly runMs: number;
}

export interface LoadedModel {
  readonly provider: ProviderName;
  /** Why each preferred provider before it was not used. */
  readonly skipped: readonly { readonly provider: ProviderName; readonly reason: string }[];
}

export interface LaneStats {
  readonly id: number;
  readonly pid: number | null;
  readonly state: 'starting' | 'ready' | 'restarting' | 'closed';
  readonly restarts: number;
  readonly lastExit: string | null;
  readonly memoryBytes: number | null;
  readonly inFlight: number;
  readonly batches: number;
  /** Milliseconds spent inside models since the lane's start was first asked for. */
  readonly busyMs: number;
}

export interface RuntimeStats {
  readonly device: string;
  readonly lanes: readonly LaneStats[];
  readonly models: Readonly<Record<string, LoadedModel>>;
}

/** The lane's process ended, hung or outgrew its memory before it answered this batch. */
export class LaneDiedError extends Error {
  constructor(
    readonly laneId: number,
    /** False when this batch still waited behind another one: it cannot be the cause. */
    readonly wasRunning: boolean,
    reason: string,
  ) {
    super(`lane ${laneId} ended: ${reason}`);
    this.name = 'LaneDiedError';
  }
}

/** The model rejected a batch, or its output did not have the expected shape. */
export class RunFailedError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'RunFailedError';
  }
}
