import type { Encoding } from '../../tokenization/tokenizer.js';
import { argmax, softmax } from '../class-probabilities.js';
import { requireSoundOutput, truncationWarning } from '../model-output.js';
import { requireNoEntity, requireReadableText } from '../readable-text.js';
import type { PredictionBase, PredictOptions, RawInput, Task, TaskModel } from '../task.js';

export interface TextClassificationInput {
  readonly text: string;
}

export interface TextClassificationPrediction extends PredictionBase {
  readonly label: string;
  /** Calibrated probability of the label, 0–1. */
  readonly score: number;
  readonly probabilities: Readonly<Record<string, number>>;
}

/** Which one of the model's classes does a text belong to? */
export const textClassificationTask: Task<TextClassificationInput, TextClassificationPrediction> = {
  name: 'text-classification',

  reduction() {
    return { kind: 'row' };
  },

  parse(raw: RawInput): TextClassificationInput {
    requireNoEntity(raw);
    requireReadableText(raw.text);
    return { text: raw.text };
  },

  prepare({ text }: TextClassificationInput, options: PredictOptions, model: TaskModel): Encoding {
    const overflow = options.truncate === true ? 'window' : 'refuse';
    return model.tokenizer.encode(text, { maxTokens: model.maxTokens, overflow });
  },

  finish(
    output: Float32Array,
    _input: TextClassificationInput,
    encoding: Encoding,
    { manifest, maxTokens }: TaskModel,
  ): TextClassificationPrediction {
    requireSoundOutput(output, manifest.labels.length);
    const probabilities = softmax(output, manifest.calibration.temperature);
    const best = argmax(probabilities);
    return {
      label: manifest.labels[best] ?? '',
      score: probabilities[best] ?? 0,
      probabilities: Object.fromEntries(
        manifest.labels.map((label, i) => [label, probabilities[i] ?? 0]),
      ),
      warnings: encoding.truncated ? [truncationWarning(maxTokens, 'its start')] : [],
    };
  },
};
