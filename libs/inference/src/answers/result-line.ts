import type { DomainError } from '@app/common';
import type { ItemPrediction } from '../inference.service.js';
import { predictionJson, type PredictionJson } from './prediction-json.js';

/** What became of one item of a job: its prediction, or why it has none. */
export type ItemResultJson =
  | { index: number; prediction: PredictionJson; warnings?: string[] }
  | { index: number; error: { code: string; message: string } };

/** One line of a job's results, without its line break. @param index of the item in the input */
export function predictionLine(
  index: number,
  item: ItemPrediction,
  withProbabilities: boolean,
): string {
  const line: ItemResultJson = { index, prediction: predictionJson(item, withProbabilities) };
  const { warnings } = item.prediction;
  if (warnings.length > 0) line.warnings = [...warnings];
  return JSON.stringify(line);
}

/** The same for an item that failed by itself. */
export function failureLine(index: number, { code, message }: DomainError): string {
  const line: ItemResultJson = { index, error: { code, message } };
  return JSON.stringify(line);
}
