import { SetupError } from '@app/common';
import { spanFromCaller, type Span } from '@app/inference';
import type { EvaluatedService } from './evaluated-service.js';
import type { ClassExample } from './example.js';

/** An example and what the model said of it. */
export interface ClassAnswer {
  readonly example: ClassExample;
  /** The example's entity in string indices. */
  readonly entity?: Span;
  readonly expected: string;
  readonly label: string;
  readonly right: boolean;
  /** Probability of the label, 0–1. */
  readonly score: number;
  readonly probabilities: Readonly<Record<string, number>>;
  /** Length as the model reads it, special tokens included. */
  readonly tokens: number;
}

/** @throws SetupError naming an example whose label or entity cannot be */
export async function answerClasses(
  service: EvaluatedService,
  examples: readonly ClassExample[],
): Promise<ClassAnswer[]> {
  const { tokenizer, maxTokens } = service.model;
  const items = await service.predictAll(examples);
  return examples.map((example, i) => {
    const prediction = items[i]?.prediction;
    if (!prediction || !('probabilities' in prediction)) {
      throw new SetupError('The model answers no label: this is not a model that classifies texts');
    }
    const { label, score, probabilities } = prediction;
    if (!(example.label in probabilities)) {
      throw new SetupError(
        `${example.place} expects ${example.label}, which is none of the model's labels: ` +
          Object.keys(probabilities).join(', '),
      );
    }
    const entity =
      example.entity && spanFromCaller(example.text, example.entity, 'codepoint', 'entity');
    const { ids } = tokenizer.encode(example.text, { maxTokens, overflow: 'window', entity });
    return {
      example,
      ...(entity && { entity }),
      expected: example.label,
      label,
      right: label === example.label,
      score,
      probabilities,
      tokens: ids.length,
    };
  });
}
