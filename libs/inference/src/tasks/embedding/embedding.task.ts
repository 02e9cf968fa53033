import type { Encoding } from '../../tokenization/tokenizer.js';
import { requireSoundOutput, truncationWarning } from '../model-output.js';
import { requireNoEntity, requireReadableText } from '../readable-text.js';
import type { PredictionBase, PredictOptions, RawInput, Task, TaskModel } from '../task.js';

export interface EmbeddingInput {
  readonly text: string;
}

export interface EmbeddingPrediction extends PredictionBase {
  /** Of unit length when the manifest says `normalize`. */
  readonly embedding: readonly number[];
  readonly dimensions: number;
}

/** A text as one vector; pooled over its tokens, and normalised, in the lane. */
export const embeddingTask: Task<EmbeddingInput, EmbeddingPrediction> = {
  name: 'embedding',

  reduction({ name, version, embedding }) {
    if (embedding === undefined) {
      throw new Error(`${name}@${version}: an embedding model needs an embedding section`);
    }
    return { kind: embedding.pooling, normalize: embedding.normalize };
  },

  parse(raw: RawInput): EmbeddingInput {
    requireNoEntity(raw);
    requireReadableText(raw.text);
    return { text: raw.text };
  },

  prepare({ text }: EmbeddingInput, options: PredictOptions, model: TaskModel): Encoding {
    const overflow = options.truncate === true ? 'window' : 'refuse';
    return model.tokenizer.encode(text, { maxTokens: model.maxTokens, overflow });
  },

  finish(
    output: Float32Array,
    _input: EmbeddingInput,
    encoding: Encoding,
    { maxTokens }: TaskModel,
  ): EmbeddingPrediction {
    requireSoundOutput(output);
    return {
      embedding: Array.from(output),
      dimensions: output.length,
      warnings: encoding.truncated ? [truncationWarning(maxTokens, 'its start')] : [],
    };
  },
};
