import { DomainError } from '@app/common';
import type { ItemPrediction } from '../inference.service.js';
import type { LabelledSpan } from '../tasks/token-classification/span-decoder.js';

/** A prediction as callers read it; which fields it has depends on the model's task. */
export interface PredictionJson {
  prediction_id: string;
  /** Assertion and text classification. */
  label?: string;
  /** 0–1. */
  score?: number;
  /** The label as the model's files name it. */
  model_label?: string;
  /** By label, 0–1; only when asked for. */
  probabilities?: Record<string, number>;
  /** Token classification; offsets in the unit that was asked for. */
  entities?: (LabelledSpan & { readonly text: string })[];
  embedding?: number[];
}

export function predictionJson(
  { prediction, predictionId }: ItemPrediction,
  withProbabilities: boolean,
): PredictionJson {
  const json: PredictionJson = { prediction_id: predictionId };
  if ('embedding' in prediction) json.embedding = [...prediction.embedding];
  else if ('spans' in prediction) json.entities = prediction.spans.map((span) => ({ ...span }));
  else if ('label' in prediction) {
    json.label = prediction.label;
    json.score = prediction.score;
    if ('modelLabel' in prediction) json.model_label = prediction.modelLabel;
    if (withProbabilities) json.probabilities = { ...prediction.probabilities };
  } else throw new DomainError('INTERNAL_ERROR', 'Unknown prediction.');
  return json;
}
