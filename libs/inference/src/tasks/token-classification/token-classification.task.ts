import { spansForCaller, type OffsetUnit } from '../../tokenization/offsets.js';
import type { Encoding } from '../../tokenization/tokenizer.js';
import { argmax, softmax } from '../class-probabilities.js';
import { requireSoundOutput, truncationWarning } from '../model-output.js';
import { requireNoEntity, requireReadableText } from '../readable-text.js';
import type { PredictionBase, PredictOptions, RawInput, Task, TaskModel } from '../task.js';
import { decodeSpans, type LabelledSpan, type TaggedWord } from './span-decoder.js';

export interface TokenClassificationInput {
  readonly text: string;
  readonly offsetUnit: OffsetUnit;
}

export interface TokenClassificationPrediction extends PredictionBase {
  /** In order of the text, not overlapping; offsets in the unit asked for. */
  readonly spans: readonly (LabelledSpan & { readonly text: string })[];
}

/** Which stretches of a text are of which class? */
export const tokenClassificationTask: Task<
  TokenClassificationInput,
  TokenClassificationPrediction
> = {
  name: 'token-classification',

  reduction() {
    return { kind: 'tokens' };
  },

  parse(raw: RawInput, options: PredictOptions): TokenClassificationInput {
    requireNoEntity(raw);
    requireReadableText(raw.text);
    return { text: raw.text, offsetUnit: options.offsetUnit ?? 'codepoint' };
  },

  prepare({ text }: TokenClassificationInput, options: PredictOptions, model: TaskModel): Encoding {
    const overflow = options.truncate === true ? 'window' : 'refuse';
    return model.tokenizer.encode(text, {
      maxTokens: model.maxTokens,
      overflow,
      alignment: true,
    });
  },

  finish(
    output: Float32Array,
    { text, offsetUnit }: TokenClassificationInput,
    encoding: Encoding,
    model: TaskModel,
  ): TokenClassificationPrediction {
    requireSoundOutput(output, encoding.ids.length * model.manifest.labels.length);
    const spans = decodeSpans(taggedWords(output, encoding, model));
    const offsets = spansForCaller(text, spans, offsetUnit);
    return {
      spans: spans.map((span, i) => ({
        ...span,
        ...offsets[i],
        text: text.slice(span.start, span.end),
      })),
      warnings: encoding.truncated ? [truncationWarning(model.maxTokens, 'its start')] : [],
    };
  },
};

/** Each word with the class of its first piece, as such models are trained to put it there. */
function* taggedWords(
  output: Float32Array,
  { words, starts, ends }: Encoding,
  { manifest: { labels, calibration } }: TaskModel,
): Generator<TaggedWord> {
  for (let first = 0; first < words.length;) {
    const word = words[first];
    let next = first + 1;
    while (next < words.length && words[next] === word) next++;
    if (word !== undefined && word >= 0) {
      const probabilities = softmax(
        output,
        calibration.temperature,
        first * labels.length,
        labels.length,
      );
      const best = argmax(probabilities);
      yield {
        tag: labels[best] ?? 'O',
        score: probabilities[best] ?? 0,
        start: starts[first] ?? 0,
        end: ends[next - 1] ?? 0,
      };
    }
    first = next;
  }
}
