/** `models/<name>/<version>/model.json`: all the service needs to know of one model version. */
export interface ModelManifest {
  readonly name: string;
  readonly version: string;
  readonly task: TaskName;
  readonly description: string;
  readonly status: ModelStatus;
  /** Every file of the version but the manifest, relative to its folder, with its SHA-256 (hex). */
  readonly files: readonly ModelFile[];
  /** The ONNX file; one of `files`. */
  readonly model: string;
  readonly tokenizer: TokenizerFiles;
  readonly inputs: ModelInputs;
  /** The graph's output that the task reads. */
  readonly output: string;
  /** Class names in the order of the logits; empty for embeddings. */
  readonly labels: readonly string[];
  /** Longest sequence the model accepts, special tokens included. */
  readonly maxTokens: number;
  /** Rows of the embedding table: every token id must be below it. */
  readonly vocabSize: number;
  readonly precision: Precision;
  /** Logits are divided by `temperature` before the softmax. */
  readonly calibration: { readonly temperature: number };
  /** Execution providers in order of preference. */
  readonly providers: readonly ProviderName[];
  readonly batching: BatchLimits;
  /** Set for `assertion`: the special token that stands on both sides of the entity. */
  readonly entityMarker?: string;
  /** Set for `embedding`. */
  readonly embedding?: EmbeddingOptions;
}

export const TASK_NAMES = [
  'assertion',
  'text-classification',
  'token-classification',
  'embedding',
] as const;
export type TaskName = (typeof TASK_NAMES)[number];

export const MODEL_STATUSES = ['beta', 'stable', 'deprecated', 'retired'] as const;
export type ModelStatus = (typeof MODEL_STATUSES)[number];

export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;
export type Precision = (typeof PRECISIONS)[number];

export const PROVIDER_NAMES = ['cuda', 'webgpu', 'cpu'] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

export interface ModelFile {
  readonly path: string;
  readonly sha256: string;
  readonly bytes: number;
}

/** Hugging Face files of a WordPiece tokenizer. */
export interface TokenizerFiles {
  readonly file: string;
  readonly config: string;
}

/** Names of the graph's inputs, all int64 [batch, sequence]. */
export interface ModelInputs {
  readonly ids: string;
  readonly mask?: string;
  readonly types?: string;
}

export interface BatchLimits {
  /** Most padded tokens (longest × count) of one batch. */
  readonly maxBatchTokens: number;
  /** Largest share of a batch that may be padding, 0–1. */
  readonly maxPaddingWaste: number;
}

export interface EmbeddingOptions {
  readonly pooling: 'mean' | 'cls';
  readonly normalize: boolean;
}

/** `name@version`: how a pinned version is written everywhere. */
export function modelKey(model: { readonly name: string; readonly version: string }): string {
  return `${model.name}@${model.version}`;
}
