import type { TaskName } from '../manifest.js';
import { ImportError } from './import-error.js';
import { asObject, type JsonObject } from './json-file.js';

/** What a model's `config.json` says that a manifest needs. */
export interface HuggingFaceConfig {
  readonly architecture: string | null;
  /** In the order of the logits; null when the classes have no names. */
  readonly labels: readonly string[] | null;
  readonly multiLabel: boolean;
  readonly maxTokens: number | null;
  readonly vocabSize: number | null;
  /** 1 when the model is not calibrated. */
  readonly temperature: number;
  /** `BertForSequenceClassification, 12 layers, 768 wide`. */
  readonly summary: string;
}

/** @throws ImportError naming the field of config.json that is wrong */
export function readHuggingFaceConfig(json: JsonObject): HuggingFaceConfig {
  const architectures: unknown = json['architectures'];
  const first: unknown = Array.isArray(architectures) ? architectures[0] : undefined;
  const architecture = typeof first === 'string' ? first : null;
  const temperature = json['temperature'] ?? 1;
  if (typeof temperature !== 'number' || !(temperature > 0)) {
    throw new ImportError('config.json: temperature must be a number above 0');
  }
  const layers = positiveInteger(json, 'num_hidden_layers');
  const hidden = positiveInteger(json, 'hidden_size');
  return {
    architecture,
    labels: labelsOf(json),
    multiLabel: json['problem_type'] === 'multi_label_classification',
    maxTokens: positiveInteger(json, 'max_position_embeddings'),
    vocabSize: positiveInteger(json, 'vocab_size'),
    temperature,
    summary: [
      architecture ?? 'unknown architecture',
      ...(layers === null ? [] : [`${layers} layers`]),
      ...(hidden === null ? [] : [`${hidden} wide`]),
    ].join(', '),
  };
}

/**
 * What kind of model it is.
 * @param labels as in the manifest
 * @throws ImportError when neither the architecture nor the caller says it
 */
export function taskOf(config: HuggingFaceConfig, labels: readonly string[]): TaskName {
  const architecture = config.architecture ?? '';
  if (architecture.endsWith('ForTokenClassification')) return 'token-classification';
  if (architecture.endsWith('ForSequenceClassification')) {
    return isAssertion(labels) ? 'assertion' : 'text-classification';
  }
  if (architecture.endsWith('Model')) return 'embedding';
  throw new ImportError(
    `config.json: architectures is ${config.architecture ?? 'missing'}; *ForSequenceClassification, ` +
      '*ForTokenClassification and *Model are served. If the graph is one of these, give --task.',
  );
}

/** @throws ImportError when a text may have several labels: scores are probabilities of one of them */
export function assertOneLabel({ multiLabel }: HuggingFaceConfig, task: TaskName): void {
  if (!multiLabel || task === 'embedding') return;
  throw new ImportError(
    'config.json: problem_type is multi_label_classification, which is not served: ' +
      'scores are probabilities of one label of several',
  );
}

const ASSERTION_CLASSES = ['ABSENT', 'POSSIBLE', 'PRESENT'];

function isAssertion(labels: readonly string[]): boolean {
  const names = labels.map((label) => label.toUpperCase()).sort();
  return names.join() === ASSERTION_CLASSES.join();
}

function labelsOf(json: JsonObject): string[] | null {
  if (json['id2label'] === undefined) return null;
  const names = asObject(json['id2label']);
  const count = names === null ? 0 : Object.keys(names).length;
  const labels = Array.from({ length: count }, (_, id) => names?.[String(id)]);
  const known = labels.filter((label) => typeof label === 'string');
  if (count === 0 || known.length !== count) {
    throw new ImportError(
      'config.json: id2label must give a name to each class, numbered from 0 without gaps',
    );
  }
  return known;
}

function positiveInteger(json: JsonObject, field: string): number | null {
  const value = json[field];
  if (value === undefined || value === null) return null;
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1) {
    throw new ImportError(`config.json: ${field} must be a whole number above 0`);
  }
  return value;
}
