import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
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
  const entries = (await Promise.all(roots.map(findModels))).flat();
  const registry = new ModelRegistry(entries, serve);
  for (const { folder, manifest } of registry.servable()) await verifyFiles(folder, manifest);
  return registry;
}

/** Every version under a root that has a manifest. @throws ManifestError for an unsound one */
export async function findModels(root: string): Promise<CatalogEntry[]> {
  const entries: CatalogEntry[] = [];
  for (const name of await foldersIn(root)) {
    for (const version of await foldersIn(join(root, name))) {
      const folder = join(root, name, version);
      const files = await readdir(folder);
      if (files.includes(MANIFEST_FILE)) {
        entries.push({ folder, manifest: await readManifest(folder) });
      }
    }
  }
  return entries;
}

async function foldersIn(path: string): Promise<string[]> {
  try {
    const found = await readdir(path, { withFileTypes: true });
    return found.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
