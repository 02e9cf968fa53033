import type { ModelManifest, TaskName } from '@app/model-registry';
import type { OutputReduction } from '../runtime/runtime.js';
import type { Encoding, Tokenizer } from '../tokenization/tokenizer.js';

/** A model version as its task sees it. */
export interface TaskModel {
  readonly manifest: ModelManifest;
  readonly tokenizer: Tokenizer;
  /** The manifest's limit, lowered by the operator's MAX_SEQUENCE_LENGTH. */
  readonly maxTokens: number;
}

/** One input as a caller gives it; already checked for type by the route's schema. */
export interface RawInput {
  readonly text: string;
  /** By offsets (code points, or UTF-16 with `offsetUnit`) or by the string itself. */
  readonly entity?: { readonly start: number; readonly end: number } | string;
}

export interface PredictOptions {
  readonly truncate?: boolean;
  /** What offsets count, in requests and answers. Default: Unicode code points. */
  readonly offsetUnit?: 'codepoint' | 'utf16';
}

/** What every prediction carries, whatever its task. */
export interface PredictionBase {
  readonly warnings: readonly string[];
}

/**
 * One kind of model, in three pure steps around the batcher:
 * `parse` says whether the input makes sense, `prepare` makes bounded tokens
 * of it, `finish` turns the model's numbers into an answer.
 * A wrong input throws a DomainError whose fields are named `text`, `entity`, `entity.start`…
 */
export interface Task<Input, Prediction extends PredictionBase> {
  readonly name: TaskName;
  /**
   * What the lane sends back for one item. Called when a model is loaded.
   * @throws Error when the manifest lacks what the task needs.
   */
  reduction(manifest: ModelManifest): OutputReduction;
  parse(raw: RawInput, options: PredictOptions, model: TaskModel): Input;
  prepare(input: Input, options: PredictOptions, model: TaskModel): Encoding;
  finish(output: Float32Array, input: Input, encoding: Encoding, model: TaskModel): Prediction;
}
