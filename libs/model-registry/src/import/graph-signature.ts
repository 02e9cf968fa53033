import type { ModelInputs, TaskName } from '../manifest.js';
import { ImportError } from './import-error.js';
import type { OnnxSummary, OnnxValue } from './onnx-summary.js';

/** The names that exporters give to what a manifest calls ids, mask and types. */
const INPUT_NAMES = {
  ids: 'input_ids',
  mask: 'attention_mask',
  types: 'token_type_ids',
} as const;

/** @throws ImportError naming the input that is missing, is unknown or has another type */
export function inputsOf({ inputs }: OnnxSummary): ModelInputs {
  const names = inputs.map(({ name }) => name);
  const known: readonly string[] = Object.values(INPUT_NAMES);
  if (!names.includes(INPUT_NAMES.ids)) {
    throw new ImportError(
      `the graph has no input ${INPUT_NAMES.ids}; it has ${names.join(', ') || 'none'}`,
    );
  }
  for (const { name, type } of inputs) {
    if (!known.includes(name)) {
      throw new ImportError(
        `the graph wants an input ${name}, which is not served: export it with ${known.join(', ')} only`,
      );
    }
    if (type !== 'int64') {
      throw new ImportError(`the graph's input ${name} is ${type}: export it as int64`);
    }
  }
  const has = (name: string): string | undefined => (names.includes(name) ? name : undefined);
  return { ids: INPUT_NAMES.ids, mask: has(INPUT_NAMES.mask), types: has(INPUT_NAMES.types) };
}

const OUTPUT_NAMES = {
  classes: ['logits'],
  vectors: ['last_hidden_state', 'token_embeddings'],
};

/**
 * The output a task reads: [batch, classes], or a row for each token.
 * @throws ImportError when it is missing or has another type or rank
 */
export function outputOf({ outputs }: OnnxSummary, task: TaskName): OnnxValue {
  const names = task === 'embedding' ? OUTPUT_NAMES.vectors : OUTPUT_NAMES.classes;
  const output = outputs.find(({ name }) => names.includes(name));
  const all = outputs.map(({ name }) => name).join(', ');
  if (output === undefined) {
    throw new ImportError(
      `the graph has no output ${names.join(' or ')}, which the task ${task} reads; it has ${all}`,
    );
  }
  const { name, type, dims } = output;
  if (type !== 'float32') {
    throw new ImportError(`the graph's output ${name} is ${type}: export it as float32`);
  }
  const rank = task === 'assertion' || task === 'text-classification' ? 2 : 3;
  if (dims !== null && dims.length !== rank) {
    throw new ImportError(
      `the graph's output ${name} has ${dims.length} dimensions; the task ${task} reads ${rank}. ` +
        'Check --task, or what the model was exported as.',
    );
  }
  return output;
}

/**
 * The names of the classes, checked against the graph.
 * @param named those of config.json
 * @throws ImportError when the graph answers another number of classes
 */
export function labelsOf(output: OnnxValue, named: readonly string[] | null): readonly string[] {
  const classes = output.dims?.at(-1) ?? null;
  if (named === null) {
    if (classes !== null) return Array.from({ length: classes }, (_, id) => `LABEL_${id}`);
    throw new ImportError('config.json has no id2label, and the graph does not say its classes');
  }
  if (classes !== null && classes !== named.length) {
    throw new ImportError(
      `the graph answers ${classes} classes, but id2label in config.json names ${named.length}: ` +
        named.join(', '),
    );
  }
  return named;
}
