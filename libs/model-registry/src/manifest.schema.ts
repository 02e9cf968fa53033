import type { JSONSchemaType } from 'ajv';
import {
  MODEL_STATUSES,
  PRECISIONS,
  PROVIDER_NAMES,
  TASK_NAMES,
  type ModelManifest,
} from './manifest.js';
import { VERSION_PATTERN } from './model-version.js';

/** What a model may be called. */
export const NAME_PATTERN = '^[a-z0-9][a-z0-9-]{0,62}$';

/** A file of the version's own folder: no way out of it. */
const FILE_NAME = '^(?!\\.)[\\w.-]+(/(?!\\.)[\\w.-]+)*$';

/** The form of `model.json`; published as `models/manifest.schema.json`. */
export const MANIFEST_SCHEMA: JSONSchemaType<ModelManifest> & Record<'$schema', string> = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Clinserve model manifest',
  type: 'object',
  additionalProperties: false,
  required: [
    'name',
    'version',
    'task',
    'description',
    'status',
    'files',
    'model',
    'tokenizer',
    'inputs',
    'output',
    'labels',
    'maxTokens',
    'vocabSize',
    'precision',
    'calibration',
    'providers',
    'batching',
  ],
  properties: {
    name: {
      type: 'string',
      pattern: NAME_PATTERN,
      description: 'Equal to the name of the folder above.',
    },
    version: {
      type: 'string',
      pattern: VERSION_PATTERN,
      description: 'Semantic version; equal to the folder’s name.',
    },
    task: { type: 'string', enum: TASK_NAMES, description: 'What kind of answer it gives.' },
    description: {
      type: 'string',
      maxLength: 500,
      description: 'What it does, for the people who choose a model.',
    },
    status: {
      type: 'string',
      enum: MODEL_STATUSES,
      description: 'The latest stable version answers by default; a retired one never does.',
    },
    files: {
      type: 'array',
      minItems: 1,
      description: 'Every file of the version; a file that differs is not loaded.',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['path', 'sha256', 'bytes'],
        properties: {
          path: {
            type: 'string',
            pattern: FILE_NAME,
            description: 'Relative to the version’s folder, with forward slashes.',
          },
          sha256: { type: 'string', pattern: '^[0-9a-f]{64}$', description: 'Lower-case hex.' },
          bytes: { type: 'integer', minimum: 0, description: 'Size of the file.' },
        },
      },
    },
    model: { type: 'string', pattern: FILE_NAME, description: 'The ONNX file.' },
    tokenizer: {
      type: 'object',
      description: 'Hugging Face files of a BERT WordPiece tokenizer.',
      additionalProperties: false,
      required: ['file', 'config'],
      properties: {
        file: { type: 'string', pattern: FILE_NAME, description: 'Usually tokenizer.json.' },
        config: {
          type: 'string',
          pattern: FILE_NAME,
          description: 'Usually tokenizer_config.json.',
        },
      },
    },
    inputs: {
      type: 'object',
      description: 'Names of the graph’s inputs, int64 [batch, sequence].',
      additionalProperties: false,
      required: ['ids'],
      properties: {
        ids: { type: 'string', minLength: 1, description: 'Token ids.' },
        mask: {
          type: 'string',
          minLength: 1,
          nullable: true,
          description: '1 at tokens, 0 at padding; left out when the graph has no such input.',
        },
        types: {
          type: 'string',
          minLength: 1,
          nullable: true,
          description: 'Token types, all 0; left out when the graph has no such input.',
        },
      },
    },
    output: { type: 'string', minLength: 1, description: 'The graph’s output that is read.' },
    labels: {
      type: 'array',
      uniqueItems: true,
      items: { type: 'string', minLength: 1, maxLength: 100 },
      description: 'Class names in the order of the logits; empty for embeddings.',
    },
    maxTokens: {
      type: 'integer',
      minimum: 8,
      maximum: 65_536,
      description: 'Longest sequence, special tokens included.',
    },
    vocabSize: { type: 'integer', minimum: 1, description: 'Every token id lies below it.' },
    precision: { type: 'string', enum: PRECISIONS, description: 'Of the weights.' },
    calibration: {
      type: 'object',
      description: 'How logits become probabilities.',
      additionalProperties: false,
      required: ['temperature'],
      properties: {
        temperature: {
          type: 'number',
          exclusiveMinimum: 0,
          description: 'Logits are divided by it before the softmax.',
        },
      },
    },
    providers: {
      type: 'array',
      minItems: 1,
      uniqueItems: true,
      items: { type: 'string', enum: PROVIDER_NAMES },
      description: 'Execution providers in order of preference.',
    },
    batching: {
      type: 'object',
      description: 'Limits of a batch on CPU.',
      additionalProperties: false,
      required: ['maxBatchTokens', 'maxPaddingWaste'],
      properties: {
        maxBatchTokens: {
          type: 'integer',
          minimum: 1,
          description: 'Most padded tokens (longest × count) of a batch on CPU.',
        },
        maxPaddingWaste: {
          type: 'number',
          minimum: 0,
          maximum: 1,
          description: 'Largest share of a batch that may be padding.',
        },
      },
    },
    entityMarker: {
      type: 'string',
      minLength: 1,
      nullable: true,
      description: 'Assertion: the special token on both sides of the entity.',
    },
    embedding: {
      type: 'object',
      nullable: true,
      description: 'Embedding: how the vectors of the tokens become one.',
      additionalProperties: false,
      required: ['pooling', 'normalize'],
      properties: {
        pooling: {
          type: 'string',
          enum: ['mean', 'cls'],
          description: 'Mean over all tokens, or the first token.',
        },
        normalize: { type: 'boolean', description: 'Whether vectors are scaled to length 1.' },
      },
    },
  },
};
