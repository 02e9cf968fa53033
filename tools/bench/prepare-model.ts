import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BERT_BASE, writeModelFolder } from '@app/inference/testing';
import { importHuggingFaceFolder, openRegistry, type CatalogEntry } from '@app/model-registry';
import { BenchModel } from './bench-model.js';
import type { ModelLabel } from './options.js';

const BUNDLED = 'clinical-assertion';

export interface PreparedModel {
  readonly bench: BenchModel;
  /** For MODEL_CACHE_DIR; holds nothing when the model is bundled. */
  readonly root: string;
}

/**
 * The bundled model, or one made in `scratch`: BERT-base by its shape, with random
 * weights and the bundled model's vocabulary, so that both read the same tokens.
 */
export async function prepareModel(
  label: ModelLabel,
  project: URL,
  scratch: string,
  sentences: readonly string[],
): Promise<PreparedModel> {
  const root = join(scratch, 'models');
  const bundled = await bundledModel(project);
  const entry = label === 'bundled' ? bundled : await generated(label, root, bundled);
  return { bench: await BenchModel.open(label, entry, sentences), root };
}

async function bundledModel(project: URL): Promise<CatalogEntry> {
  const roots = [fileURLToPath(new URL('models/', project))];
  const [newest] = (await openRegistry({ roots, serve: [BUNDLED] })).servable();
  if (!newest) throw new Error(`models/ holds no version of ${BUNDLED} that can be served`);
  return newest;
}

async function generated(
  name: string,
  root: string,
  { folder, manifest }: CatalogEntry,
): Promise<CatalogEntry> {
  const version = '1.0.0';
  const target = join(root, name, version);
  await writeModelFolder(target, {
    ...BERT_BASE,
    labels: manifest.labels,
    entityMarker: manifest.entityMarker,
    vocabulary: await vocabularyOf(join(folder, manifest.tokenizer.file)),
  });
  return importHuggingFaceFolder(target, { root, name, version });
}

async function vocabularyOf(tokenizerFile: string): Promise<string[]> {
  const { model } = JSON.parse(await readFile(tokenizerFile, 'utf8')) as {
    model: { vocab: Readonly<Record<string, number>> };
  };
  return Object.entries(model.vocab)
    .sort(([, a], [, b]) => a - b)
    .map(([piece]) => piece);
}
