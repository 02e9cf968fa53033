import type { TaskName } from '@app/model-registry';
import { assertionTask, type AssertionPrediction } from './assertion/assertion.task.js';
import { embeddingTask, type EmbeddingPrediction } from './embedding/embedding.task.js';
import type { Task } from './task.js';
import {
  textClassificationTask,
  type TextClassificationPrediction,
} from './text-classification/text-classification.task.js';
import {
  tokenClassificationTask,
  type TokenClassificationPrediction,
} from './token-classification/token-classification.task.js';

export type Prediction =
  | AssertionPrediction
  | TextClassificationPrediction
  | TokenClassificationPrediction
  | EmbeddingPrediction;

/** A task whose kind is known at run time only: what `parse` gave goes to its own other steps. */
export type AnyTask = Task<unknown, Prediction>;

const TASKS = {
  assertion: assertionTask,
  'text-classification': textClassificationTask,
  'token-classification': tokenClassificationTask,
  embedding: embeddingTask,
} satisfies { readonly [Name in TaskName]: AnyTask };

export function taskFor(name: TaskName): AnyTask {
  return TASKS[name];
}
