import { basename, dirname, relative, resolve } from 'node:path';
import {
  findVersionFolders,
  ManifestError,
  readManifest,
  type CatalogEntry,
} from '@app/model-registry';

/** Where models lie; absolute paths. */
export interface Places {
  /** The models that ship with the service. */
  readonly bundled: string;
  /** The operator's own. */
  readonly own: string;
}

/** A version's folder, whose manifest may be unsound. */
export interface FoundVersion {
  readonly folder: string;
  readonly place: 'bundled' | 'own';
  /** As its folders say, which also an unsound manifest leaves. */
  readonly name: string;
  readonly version: string;
  readonly entry: CatalogEntry | ManifestError;
}

/** Every version in both places, sound or not. */
export async function findVersions({ bundled, own }: Places): Promise<FoundVersion[]> {
  const inBundled = await inPlace('bundled', bundled);
  return own === bundled ? inBundled : [...inBundled, ...(await inPlace('own', own))];
}

/** Whether a folder is, or lies in, another one. */
export function liesIn(folder: string, root: string): boolean {
  const path = relative(resolve(root), resolve(folder));
  return path === '' || !(path === '..' || /^\.\.[\\/]/.test(path) || resolve(path) === path);
}

async function inPlace(place: FoundVersion['place'], root: string): Promise<FoundVersion[]> {
  const folders = await findVersionFolders(root);
  return Promise.all(
    folders.map(async (folder) => ({
      folder,
      place,
      name: basename(dirname(folder)),
      version: basename(folder),
      entry: await readEntry(folder),
    })),
  );
}

async function readEntry(folder: string): Promise<CatalogEntry | ManifestError> {
  try {
    return { folder, manifest: await readManifest(folder) };
  } catch (error) {
    if (error instanceof ManifestError) return error;
    throw error;
  }
}
