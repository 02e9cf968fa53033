import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BERT_INPUTS, bertGraph } from './bert-graph.js';
import type { BertHead, BertInputs, BertShape } from './bert-graph.js';
import { wordPieceFiles } from './wordpiece-export.js';
import { BERT_SPECIAL_TOKENS, defaultVocabulary } from './wordpiece-vocabulary.js';

/** Everything has a default: a small sequence classifier of the three assertion labels. */
export interface ModelFolderOptions extends Partial<Omit<BertShape, 'vocabSize'>> {
  readonly head?: BertHead;
  /** Class names in the order of the logits. Unused by `hidden`. */
  readonly labels?: readonly string[];
  /** WordPiece vocabulary in the order of the ids; must hold BERT's special tokens. */
  readonly vocabulary?: readonly string[];
  readonly cased?: boolean;
  /** A special token after the vocabulary, as models that mark an entity have it: `[entity]`. */
  readonly entityMarker?: string;
  readonly seed?: number;
  /** Where the graph departs from what the files beside it say, to test that it is refused. */
  readonly graph?: { readonly classes?: number; readonly inputs?: Partial<BertInputs> };
}

const ARCHITECTURES: Readonly<Record<BertHead, string>> = {
  sequence: 'BertForSequenceClassification',
  token: 'BertForTokenClassification',
  hidden: 'BertModel',
};

/** Layers and widths of BERT-base. */
export const BERT_BASE = { layers: 12, hidden: 768, heads: 12, ffn: 3072, maxPositions: 512 };

/**
 * Writes a model with seeded random weights as a Hugging Face style folder:
 * config.json, model.onnx and the tokenizer's files. The same options give the
 * same bytes. BERT_BASE takes 350 MB and about two seconds.
 */
export async function writeModelFolder(
  folder: string,
  options: ModelFolderOptions = {},
): Promise<void> {
  const head = options.head ?? 'sequence';
  const labels = options.labels ?? ['PRESENT', 'ABSENT', 'POSSIBLE'];
  const vocabulary = options.vocabulary ?? defaultVocabulary(options.cased);
  for (const token of BERT_SPECIAL_TOKENS) {
    if (!vocabulary.includes(token)) throw new RangeError(`the vocabulary lacks ${token}`);
  }
  const { entityMarker } = options;
  const addedMarker =
    entityMarker === undefined || vocabulary.includes(entityMarker) ? null : entityMarker;
  const shape: BertShape = {
    layers: options.layers ?? 2,
    hidden: options.hidden ?? 64,
    heads: options.heads ?? 4,
    ffn: options.ffn ?? 128,
    maxPositions: options.maxPositions ?? 512,
    vocabSize: vocabulary.length + (addedMarker === null ? 0 : 1),
  };

  await mkdir(folder, { recursive: true });
  const graph = bertGraph({
    ...shape,
    head,
    classes: options.graph?.classes ?? labels.length,
    inputs: { ...BERT_INPUTS, ...options.graph?.inputs },
    seed: options.seed ?? 1,
  });
  await graph.write(join(folder, 'model.onnx'));

  const tokenizer = wordPieceFiles({
    vocabulary,
    cased: options.cased ?? false,
    entityMarker,
    maxTokens: shape.maxPositions,
  });
  const files = {
    'config.json': json(config(shape, head, labels)),
    'tokenizer.json': json(tokenizer.tokenizer),
    'tokenizer_config.json': json(tokenizer.config),
    'special_tokens_map.json': json(tokenizer.specialTokens),
    'vocab.txt': `${vocabulary.join('\n')}\n`,
  };
  const added =
    addedMarker === null ? {} : { 'added_tokens.json': json({ [addedMarker]: vocabulary.length }) };
  for (const [name, content] of Object.entries({ ...files, ...added })) {
    await writeFile(join(folder, name), content);
  }
}

function config(shape: BertShape, head: BertHead, labels: readonly string[]): object {
  const classes =
    head === 'hidden'
      ? {}
      : {
          id2label: Object.fromEntries(labels.map((label, id) => [id, label])),
          label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
        };
  return {
    architectures: [ARCHITECTURES[head]],
    model_type: 'bert',
    hidden_act: 'gelu',
    hidden_size: shape.hidden,
    intermediate_size: shape.ffn,
    max_position_embeddings: shape.maxPositions,
    num_attention_heads: shape.heads,
    num_hidden_layers: shape.layers,
    pad_token_id: 0,
    type_vocab_size: 2,
    vocab_size: shape.vocabSize,
    ...classes,
  };
}

function json(value: object): string {
  return `${JSON.stringify(value, null, 2)}\n`;
}
