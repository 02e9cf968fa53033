import { join } from 'node:path';
import type { CatalogEntry, ModelManifest } from '@app/model-registry';
import { writeModelFolder } from './model-folder.js';
import { defaultVocabulary } from './wordpiece-vocabulary.js';

/** Writes a small assertion model under `root` and describes it as the registry would, files unverified. */
export async function writeServedModel(
  root: string,
  overrides: Partial<ModelManifest> = {},
): Promise<CatalogEntry> {
  const manifest: ModelManifest = {
    name: 'tiny-assertion',
    version: '1.0.0',
    task: 'assertion',
    description: 'Random weights.',
    status: 'stable',
    files: [],
    model: 'model.onnx',
    tokenizer: { file: 'tokenizer.json', config: 'tokenizer_config.json' },
    inputs: { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' },
    output: 'logits',
    labels: ['PRESENT', 'ABSENT', 'POSSIBLE'],
    maxTokens: 64,
    vocabSize: defaultVocabulary().length + 1,
    precision: 'fp32',
    calibration: { temperature: 1 },
    providers: ['cpu'],
    batching: { maxBatchTokens: 256, maxPaddingWaste: 0.1 },
    entityMarker: '[entity]',
    ...overrides,
  };
  const folder = join(root, manifest.name, manifest.version);
  await writeModelFolder(folder, {
    layers: 1,
    hidden: 16,
    heads: 2,
    ffn: 16,
    maxPositions: manifest.maxTokens,
    entityMarker: '[entity]',
  });
  return { manifest, folder };
}
