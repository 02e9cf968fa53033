import { basename, dirname, join, resolve } from 'node:path';
import { SetupError } from '@app/common';
import {
  importHuggingFaceFolder,
  modelKey,
  readManifest,
  type CatalogEntry,
} from '@app/model-registry';
import { DONE, type ExitCode, type Output } from './console.js';
import { compareGoldenAnswers } from './golden-answers.js';
import { ModelTester, type TesterOptions } from './model-tester.js';
import type { AddCommand } from './options.js';
import type { Places } from './places.js';

/** @throws SetupError saying what is wrong with the model; then nothing has changed */
export async function addModel(
  command: AddCommand,
  places: Places,
  settings: TesterOptions,
  output: Output,
): Promise<ExitCode> {
  const { folder, ...options } = command;
  const target = { ...alreadyThere(folder, places), ...definedOf(options) };
  let example = '';
  const verify = async (entry: CatalogEntry): Promise<void> => {
    await refuseBundledTwin(entry, target.root, places);
    const tester = await ModelTester.start(settings);
    try {
      const model = await tester.test(entry);
      await compareGoldenAnswers(entry, model);
      example = `${model.example}, on ${model.served.loaded.provider}`;
    } finally {
      await tester.close();
    }
  };
  const added = await importHuggingFaceFolder(folder, {
    ...target,
    verify,
  });
  const { manifest } = added;
  output.print(`Added ${modelKey(manifest)} to ${added.folder}`);
  output.print(
    `  ${manifest.task}, ${manifest.precision}, ${manifest.labels.length} labels, ` +
      `${manifest.maxTokens} tokens, ${manifest.status}; test answer: ${example}`,
  );
  for (const warning of added.warnings) output.print(`  Note: ${warning}`);
  output.print('It is served from the next start of the service.');
  return DONE;
}

/** A folder that lies where the service looks is described where it is. */
function alreadyThere(
  folder: string,
  { bundled, own }: Places,
): { root: string; name?: string; version?: string } {
  const path = resolve(folder);
  const root = dirname(dirname(path));
  if (root !== own && root !== bundled) return { root: own };
  return { root, name: basename(dirname(path)), version: basename(path) };
}

/** @throws SetupError: the service does not start with two models of one name and version */
async function refuseBundledTwin(
  { manifest }: CatalogEntry,
  root: string,
  { bundled }: Places,
): Promise<void> {
  const { name, version } = manifest;
  if (resolve(root) === resolve(bundled)) return;
  const ships = await readManifest(join(bundled, name, version)).catch(() => null);
  if (ships === null) return;
  throw new SetupError(
    `${name}@${version} ships with the service; give another --name or --version`,
  );
}

function definedOf<T extends object>(options: T): Partial<T> {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Partial<T>;
}
