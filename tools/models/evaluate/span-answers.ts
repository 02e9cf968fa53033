import { SetupError } from '@app/common';
import { lengthIn } from '@app/inference';
import type { EvaluatedService } from './evaluated-service.js';
import type { SpanExample } from './example.js';
import type { TypedSpan } from './span-figures.js';

/** An example and the spans the model found; code points. */
export interface SpanAnswer {
  readonly example: SpanExample;
  readonly claimed: readonly TypedSpan[];
  readonly tokens: number;
}

/** The classes of a model that tags words: its labels without `O`, `B-` and `I-`. */
export function spanLabels(labels: readonly string[]): string[] {
  const names = labels.map((label) => label.replace(/^[BI]-/i, ''));
  return [...new Set(names.filter((name) => name.toUpperCase() !== 'O'))];
}

/** @throws SetupError naming an example whose spans cannot be */
export async function answerSpans(
  service: EvaluatedService,
  examples: readonly SpanExample[],
): Promise<SpanAnswer[]> {
  const { tokenizer, maxTokens, manifest } = service.model;
  const labels = spanLabels(manifest.labels);
  for (const example of examples) requireSoundSpans(example, labels);
  const items = await service.predictAll(examples.map(({ text, place }) => ({ text, place })));
  return examples.map((example, i) => {
    const prediction = items[i]?.prediction;
    if (!prediction || !('spans' in prediction)) {
      throw new SetupError('The model answers no spans: this is not a model that tags words');
    }
    const { ids } = tokenizer.encode(example.text, { maxTokens, overflow: 'window' });
    return { example, claimed: prediction.spans, tokens: ids.length };
  });
}

function requireSoundSpans({ text, entities, place }: SpanExample, labels: string[]): void {
  const length = lengthIn(text, 'codepoint');
  for (const { start, end, label } of entities) {
    if (!labels.includes(label)) {
      throw new SetupError(
        `${place} expects ${label}, which is none of the model's labels: ${labels.join(', ')}`,
      );
    }
    if (start < 0 || end <= start || end > length) {
      throw new SetupError(
        `${place} has a span from ${start} to ${end} in a text of ${length} code points`,
      );
    }
  }
}
