import { readFileSync, statSync } from 'node:fs';
import { access } from 'node:fs/promises';
import { basename, dirname, join, posix } from 'node:path';
import type { ModelManifest, TaskName } from '../manifest.js';
import { findGraph, inFolder } from './find-graph.js';
import { inputsOf, labelsOf, outputOf } from './graph-signature.js';
import {
  assertOneLabel,
  readHuggingFaceConfig,
  taskOf,
  type HuggingFaceConfig,
} from './hugging-face-config.js';
import { ImportError } from './import-error.js';
import { readJsonFile } from './json-file.js';
import { readOnnxSummary, type OnnxSummary } from './onnx-summary.js';
import { poolingOf } from './pooling.js';
import {
  readTokenizerSource,
  TOKENIZER_CONFIG_FILE,
  TOKENIZER_FILE,
  type TokenizerSource,
} from './tokenizer-source.js';

/** A Hugging Face folder, read: what its manifest says but for who it is, and the files it takes. */
export interface DescribedModel {
  readonly facts: Omit<ModelManifest, 'name' | 'version' | 'status' | 'files'>;
  /** Files of the folder that belong to the model, relative to it. */
  readonly files: readonly string[];
  /** Files that the folder lacks, made from others: name and content. */
  readonly made: Readonly<Record<string, string>>;
  /** What is no reason to refuse the model but worth knowing. */
  readonly warnings: readonly string[];
}

export interface DescribeOptions {
  /** Worked out from the architecture and the labels if left out. */
  readonly task?: TaskName;
  /** Which graph, relative to the folder, when there are several. */
  readonly onnx?: string;
}

const LARGEST_LFS_POINTER = 1024;
const ENTITY_MARKER = '[entity]';
/** Nothing computes with these, but they belong to the model. */
const COMPANIONS = ['golden.jsonl', 'MODEL_CARD.md', 'README.md', 'LICENSE', 'LICENSE.txt'];

/** @throws ImportError naming the file and what is wrong with it */
export async function describeModel(
  folder: string,
  options: DescribeOptions = {},
): Promise<DescribedModel> {
  const json = await readJsonFile(join(folder, 'config.json'));
  if (json === null) {
    throw new ImportError(`${folder} has no config.json: give a Hugging Face model folder`);
  }
  const config = readHuggingFaceConfig(json);
  const model = await findGraph(folder, options.onnx);
  const graph = readGraph(folder, model);
  const task = options.task ?? taskOf(config, config.labels ?? []);
  assertOneLabel(config, task);
  const output = outputOf(graph, task);
  const tokenizer = await readTokenizerSource(folder);
  const vocabSize = config.vocabSize ?? tokenizer.size;
  if (tokenizer.size > vocabSize) {
    throw new ImportError(
      `the tokenizer has ids up to ${tokenizer.size - 1}, but vocab_size in config.json is ` +
        `${vocabSize}: tokens were added after the model was resized, or the files belong to different models`,
    );
  }
  const warnings = graph.dynamicQuantization
    ? [
        'the graph quantizes each batch by its own range, so an answer can change with the texts ' +
          'beside it; quantize with static activation scales to avoid that',
      ]
    : [];
  return {
    facts: {
      task,
      description: `Imported from ${basename(folder)}: ${config.summary}.`.slice(0, 500),
      model,
      tokenizer: { file: TOKENIZER_FILE, config: TOKENIZER_CONFIG_FILE },
      inputs: inputsOf(graph),
      output: output.name,
      labels: task === 'embedding' ? [] : labelsOf(output, config.labels),
      maxTokens: longest(config, tokenizer),
      vocabSize,
      precision: graph.precision,
      calibration: { temperature: config.temperature },
      providers: ['cpu'],
      batching: { maxBatchTokens: 512, maxPaddingWaste: 0.1 },
      ...(task === 'assertion' && { entityMarker: markerOf(tokenizer) }),
      ...(task === 'embedding' && { embedding: await poolingOf(folder) }),
    },
    files: await filesOf(folder, model, graph, tokenizer),
    made: tokenizer.made,
    warnings,
  };
}

function readGraph(folder: string, model: string): OnnxSummary {
  try {
    return readOnnxSummary(join(folder, model));
  } catch (error) {
    const reason = isLfsPointer(join(folder, model))
      ? 'it only points to one in Git LFS: run git lfs pull in its repository'
      : (error as Error).message;
    throw new ImportError(`${model} is not an ONNX model: ${reason}`);
  }
}

/** What a clone without Git LFS holds in place of a large file. */
function isLfsPointer(path: string): boolean {
  const isSmall = statSync(path).size < LARGEST_LFS_POINTER;
  return isSmall && readFileSync(path, 'utf8').startsWith('version https://git-lfs');
}

function markerOf(tokenizer: TokenizerSource): string {
  if (tokenizer.addedTokens.includes(ENTITY_MARKER)) return ENTITY_MARKER;
  throw new ImportError(
    `the tokenizer has no special token ${ENTITY_MARKER}, which marks the finding to judge. ` +
      'Import it with --task text-classification to have whole texts judged.',
  );
}

function longest(config: HuggingFaceConfig, tokenizer: TokenizerSource): number {
  const limits = [config.maxTokens, tokenizer.maxTokens].filter((limit) => limit !== null);
  if (limits.length > 0) return Math.min(...limits);
  throw new ImportError(
    'neither max_position_embeddings in config.json nor model_max_length in ' +
      'tokenizer_config.json says how many tokens the model takes',
  );
}

async function filesOf(
  folder: string,
  model: string,
  graph: OnnxSummary,
  { made }: TokenizerSource,
): Promise<string[]> {
  const weights = graph.externalFiles.map((path) =>
    inFolder(posix.join(dirname(model), path), model),
  );
  for (const path of weights) {
    if (!(await exists(join(folder, path)))) {
      throw new ImportError(`${model} keeps weights in ${path}, which is missing`);
    }
  }
  const tokenizer = [TOKENIZER_FILE, TOKENIZER_CONFIG_FILE].filter((name) => !(name in made));
  const companions: string[] = [];
  for (const name of COMPANIONS) if (await exists(join(folder, name))) companions.push(name);
  return [model, ...weights, ...tokenizer, 'config.json', ...companions];
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
