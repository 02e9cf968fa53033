import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { SetupError } from '@app/common';
import { MANIFEST_FILE, readManifest, verifyFiles } from './manifest-file.js';
import { ModelRegistry, type CatalogEntry } from './model-registry.js';

export interface RegistryOptions {
  /** Folders of `<name>/<version>/model.json`; ones that do not exist are empty. */
  readonly roots: readonly string[];
  /** `name` or `name@version`; empty for everything found. */
  readonly serve: readonly string[];
}

/**
 * Finds all model versions, checks the files of those to be served.
 * @throws ManifestError or SetupError, naming what is wrong: a model that may have
 * been tampered with stops the start rather than going missing
 */
export async function openRegistry({ roots, serve }: RegistryOptions): Promise<ModelRegistry> {
  const distinct = [...new Set(roots.map((root) => resolve(root)))];
  const entries = (await Promise.all(distinct.map(findModels))).flat();
  const registry = new ModelRegistry(entries, serve);
  for (const { folder, manifest } of registry.servable()) await verifyFiles(folder, manifest);
  return registry;
}

/** Every version under a root that has a manifest. @throws ManifestError for an unsound one */
export async function findModels(root: string): Promise<CatalogEntry[]> {
  const entries: CatalogEntry[] = [];
  for (const folder of await findVersionFolders(root)) {
    entries.push({ folder, manifest: await readManifest(folder) });
  }
  return entries;
}

/** The folders `<root>/<name>/<version>` that hold a manifest, sound or not; absolute, in order. */
export async function findVersionFolders(root: string): Promise<string[]> {
  const found: string[] = [];
  for (const model of await foldersIn(resolve(root))) {
    for (const folder of await foldersIn(model)) {
      if ((await readdir(folder)).includes(MANIFEST_FILE)) found.push(folder);
    }
  }
  return found;
}

/** Links to folders count, as a mounted volume may consist of them; hidden ones are work in progress. */
async function foldersIn(path: string): Promise<string[]> {
  let entries;
  try {
    entries = await readdir(path, { withFileTypes: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw new SetupError(
      `The models in ${path} cannot be listed (${code ?? 'unreadable'}): it must be a readable folder.`,
    );
  }
  const folders: string[] = [];
  for (const entry of entries) {
    if (entry.name.startsWith('.')) continue;
    const folder = join(path, entry.name);
    if (entry.isDirectory() || (entry.isSymbolicLink() && (await isFolder(folder)))) {
      folders.push(folder);
    }
  }
  return folders.sort();
}

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isDirectory(),
    () => false,
  );
}
