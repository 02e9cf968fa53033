import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { FLOAT32, INT64, onnxBytes, type OnnxOutline } from './onnx-bytes.js';

const SEQUENCE = ['batch', 'sequence'];

/** What an export of bvanaken/clinical-assertion-negation-bert looks like, with a small vocabulary. */
export const ASSERTION_GRAPH: OnnxOutline = {
  inputs: ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
    name,
    type: INT64,
    dims: SEQUENCE,
  })),
  outputs: [{ name: 'logits', type: FLOAT32, dims: ['batch', 3] }],
  initializers: [{ name: 'embeddings', type: FLOAT32, dims: [7, 4] }],
  operators: ['Gather', 'MatMul'],
};

export const ASSERTION_CONFIG = {
  architectures: ['BertForSequenceClassification'],
  id2label: { 0: 'PRESENT', 1: 'ABSENT', 2: 'POSSIBLE' },
  hidden_size: 4,
  num_hidden_layers: 1,
  max_position_embeddings: 512,
  vocab_size: 7,
};

/** Older exports have no tokenizer.json. */
export const VOCABULARY_FILES = {
  'vocab.txt': '[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\npain\n',
  'tokenizer_config.json': { do_lower_case: true, model_max_length: 1e30 },
  'added_tokens.json': { '[entity]': 6 },
  'special_tokens_map.json': { additional_special_tokens: ['[entity]'] },
};

export const ASSERTION_FILES: FolderFiles = {
  'config.json': ASSERTION_CONFIG,
  'model.onnx': onnxBytes(ASSERTION_GRAPH),
  ...VOCABULARY_FILES,
};

/** Contents by name: text and bytes as they are, objects as JSON; undefined leaves a file out. */
export type FolderFiles = Readonly<Record<string, string | Buffer | object | undefined>>;

export async function writeFiles(folder: string, files: FolderFiles): Promise<string> {
  await mkdir(folder, { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    if (content === undefined) continue;
    await mkdir(dirname(join(folder, name)), { recursive: true });
    const raw = typeof content === 'string' || Buffer.isBuffer(content);
    await writeFile(join(folder, name), raw ? content : JSON.stringify(content));
  }
  return folder;
}
