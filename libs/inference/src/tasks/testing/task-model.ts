import type { ModelManifest, TaskName } from '@app/model-registry';
import { bertFiles } from '../../tokenization/testing/bert-files.js';
import { createTokenizer } from '../../tokenization/wordpiece-tokenizer.js';
import type { TaskModel } from '../task.js';

const files = bertFiles({ lowercase: true });
const tokenizer = createTokenizer(files.file, files.config, { entityMarker: '[entity]' });

/** A model of the given task with the small test tokenizer; nothing is read from disk. */
export function taskModel(
  task: TaskName,
  labels: readonly string[],
  manifest: Partial<ModelManifest> = {},
  maxTokens = 64,
): TaskModel {
  return {
    manifest: {
      name: 'test',
      version: '1.0.0',
      task,
      description: 'a model of a test',
      status: 'stable',
      files: [],
      model: 'model.onnx',
      tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json' },
      inputs: { ids: 'input_ids' },
      output: 'logits',
      labels,
      maxTokens: 512,
      vocabSize: tokenizer.vocabSize,
      precision: 'fp32',
      calibration: { temperature: 1 },
      providers: ['cpu'],
      batching: { maxBatchTokens: 256, maxPaddingWaste: 0.1 },
      entityMarker: '[entity]',
      ...manifest,
    },
    tokenizer,
    maxTokens,
  };
}

/** Matches a DomainError by its code and the name and rule of its only field. */
export function domainError(code: string, field?: string, rule?: string): Error {
  return expect.objectContaining({
    code,
    ...(field !== undefined && { fields: [expect.objectContaining({ field, code: rule })] }),
  }) as Error;
}
