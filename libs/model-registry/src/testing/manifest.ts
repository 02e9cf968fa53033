import type { ModelManifest } from '../manifest.js';

/** A sound manifest of files that need not exist. */
export function manifestOf(change: Partial<ModelManifest> = {}): ModelManifest {
  const file = (path: string) => ({ path, sha256: '0'.repeat(64), bytes: 1 });
  return {
    name: 'assertion',
    version: '1.0.0',
    task: 'assertion',
    description: '',
    status: 'stable',
    files: ['model.onnx', 'tokenizer.json', 'tokenizer_config.json'].map(file),
    model: 'model.onnx',
    tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json' },
    inputs: { ids: 'input_ids' },
    output: 'logits',
    labels: ['PRESENT', 'ABSENT', 'POSSIBLE'],
    maxTokens: 512,
    vocabSize: 100,
    precision: 'fp32',
    calibration: { temperature: 1 },
    providers: ['cpu'],
    batching: { maxBatchTokens: 256, maxPaddingWaste: 0.1 },
    entityMarker: '[entity]',
    ...change,
  };
}
