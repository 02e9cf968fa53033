import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeModelFolder } from '../../libs/inference/src/testing/model-folder.js';
import type { ModelSpec } from '../../libs/inference/src/runtime/runtime.js';
import type { RuntimeModels } from './runtime.suite.js';

const VOCABULARY = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
for (let word = 0; word < 195; word++) VOCABULARY.push(`word${word}`);
const TOKEN_LABELS = ['O', 'B-PROBLEM', 'I-PROBLEM', 'B-DRUG', 'I-DRUG'];
const HIDDEN = 64;
const MAX_TOKENS = 512;

/** The program of a lane's process, which only exists after a build. */
export const LANE_ENTRY = fileURLToPath(
  new URL('../../dist/libs/inference/src/runtime/lane-process.js', import.meta.url),
);
if (!existsSync(LANE_ENTRY)) {
  throw new Error(`${LANE_ENTRY} is missing: run "npm run build" before these tests`);
}

/** Writes three small models into a folder and describes what each answers. */
export async function writeRuntimeModels(
  folder: string,
  providers: ModelSpec['providers'] = ['cpu'],
): Promise<RuntimeModels> {
  const shape = { vocabulary: VOCABULARY, hidden: HIDDEN, layers: 2, maxPositions: MAX_TOKENS };
  await writeModelFolder(join(folder, 'row'), shape);
  await writeModelFolder(join(folder, 'tokens'), { ...shape, head: 'token', labels: TOKEN_LABELS });
  await writeModelFolder(join(folder, 'hidden'), { ...shape, head: 'hidden' });

  const spec = (name: string, reduce: ModelSpec['reduce']): ModelSpec => ({
    key: `${name}@1`,
    path: join(
      folder,
      reduce.kind === 'mean' || reduce.kind === 'cls' ? 'hidden' : name,
      'model.onnx',
    ),
    inputs: { ids: 'input_ids', mask: 'attention_mask', types: 'token_type_ids' },
    output: reduce.kind === 'mean' || reduce.kind === 'cls' ? 'last_hidden_state' : 'logits',
    reduce,
    vocabSize: VOCABULARY.length,
    maxTokens: MAX_TOKENS,
    providers,
  });
  return {
    row: { spec: spec('row', { kind: 'row' }), width: 3 },
    tokens: { spec: spec('tokens', { kind: 'tokens' }), width: TOKEN_LABELS.length },
    mean: { spec: spec('mean', { kind: 'mean', normalize: true }), width: HIDDEN },
    cls: { spec: spec('cls', { kind: 'cls', normalize: false }), width: HIDDEN },
  };
}
