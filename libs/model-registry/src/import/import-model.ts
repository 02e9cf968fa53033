import { copyFile, mkdir, mkdtemp, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import {
  describeFile,
  MANIFEST_FILE,
  ManifestError,
  manifestProblems,
  readManifest,
  verifyFiles,
} from '../manifest-file.js';
import { modelKey, type ModelManifest, type ModelStatus, type ProviderName } from '../manifest.js';
import { NAME_PATTERN } from '../manifest.schema.js';
import type { CatalogEntry } from '../model-registry.js';
import { VERSION_PATTERN } from '../model-version.js';
import { describeModel, type DescribedModel, type DescribeOptions } from './describe-model.js';
import { ImportError } from './import-error.js';

export interface ImportOptions extends DescribeOptions {
  /** Where `<name>/<version>/` is made. */
  readonly root: string;
  /** Made from the folder's name if left out. */
  readonly name?: string;
  /** `1.0.0` if left out. */
  readonly version?: string;
  /** `stable` if left out. */
  readonly status?: ModelStatus;
  readonly description?: string;
  /** In order of preference; the CPU if left out. */
  readonly providers?: readonly ProviderName[];
  /** Whether a version that is there already is replaced. */
  readonly force?: boolean;
  /** Tries the model out before it is put in place; rejects to refuse it. */
  readonly verify?: (entry: CatalogEntry) => Promise<void>;
}

export interface ImportedModel extends CatalogEntry {
  readonly warnings: readonly string[];
}

/**
 * Makes a model version of a Hugging Face folder. A folder that is already
 * `<root>/<name>/<version>` gets its manifest in place; any other is copied, aside first,
 * so that no reader ever sees half a model.
 * @throws ImportError or ManifestError naming the file and what is wrong with it
 */
export async function importHuggingFaceFolder(
  source: string,
  options: ImportOptions,
): Promise<ImportedModel> {
  const folder = resolve(source);
  if ((await stat(folder).catch(() => null))?.isDirectory() !== true) {
    throw new ImportError(`${folder} is not a folder`);
  }
  const name = checked('name', options.name ?? nameFrom(folder), NAME_PATTERN);
  const version = checked('version', options.version ?? '1.0.0', VERSION_PATTERN);
  const target = resolve(options.root, name, version);
  const previous = await previousManifest(target, options.force ?? false);
  const described = await describeModel(folder, options);
  const { status, description, providers } = options;
  const identity: Identity = {
    // What people wrote into a manifest outlives a new export of the same version.
    ...(previous && {
      status: previous.status,
      description: previous.description,
      providers: previous.providers,
      batching: previous.batching,
    }),
    ...(status && { status }),
    ...(description !== undefined && { description }),
    ...(providers && { providers }),
    name,
    version,
  };
  const install = folder === target ? describeInPlace : copyAside;
  const manifest = await install(folder, target, described, identity, options);
  return { folder: target, manifest, warnings: described.warnings };
}

type Identity = Pick<ModelManifest, 'name' | 'version'> & Partial<ModelManifest>;
type Verify = Pick<ImportOptions, 'verify'>;

async function describeInPlace(
  folder: string,
  _target: string,
  described: DescribedModel,
  identity: Identity,
  options: Verify,
): Promise<ModelManifest> {
  const made = Object.keys(described.made);
  try {
    await writeMade(folder, described);
    const manifest = await verified(folder, described, identity, options);
    const aside = join(folder, `.${MANIFEST_FILE}.${process.pid}`);
    await writeManifest(aside, manifest);
    await rename(aside, join(folder, MANIFEST_FILE));
    return manifest;
  } catch (error) {
    await Promise.all(made.map((name) => rm(join(folder, name), { force: true })));
    throw error;
  }
}

async function copyAside(
  source: string,
  target: string,
  described: DescribedModel,
  identity: Identity,
  options: Verify & Pick<ImportOptions, 'root'>,
): Promise<ModelManifest> {
  await mkdir(options.root, { recursive: true });
  const aside = await mkdtemp(join(options.root, '.import-'));
  try {
    const copy = join(aside, 'new');
    for (const file of described.files) {
      await mkdir(dirname(join(copy, file)), { recursive: true });
      // Follows links: downloads are often links into a cache.
      await copyFile(join(source, file), join(copy, file));
    }
    await writeMade(copy, described);
    const manifest = await verified(copy, described, identity, options);
    await writeManifest(join(copy, MANIFEST_FILE), manifest);
    await mkdir(dirname(target), { recursive: true });
    await rename(target, join(aside, 'old')).catch(ignoreMissing);
    await rename(copy, target);
    return manifest;
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

/** The manifest of a folder that has all its files, once it has been tried out. */
async function verified(
  folder: string,
  described: DescribedModel,
  identity: Identity,
  { verify }: Verify,
): Promise<ModelManifest> {
  const names = [...described.files, ...Object.keys(described.made)];
  const manifest: ModelManifest = {
    status: 'stable',
    ...described.facts,
    ...identity,
    files: await Promise.all(names.map((name) => describeFile(folder, name))),
  };
  const problems = manifestProblems(manifest);
  if (problems.length > 0) throw new ManifestError(modelKey(manifest), problems);
  await verifyFiles(folder, manifest);
  await verify?.({ folder, manifest });
  return manifest;
}

async function writeMade(folder: string, { made }: DescribedModel): Promise<void> {
  for (const [name, content] of Object.entries(made)) await writeFile(join(folder, name), content);
}

function writeManifest(path: string, manifest: ModelManifest): Promise<void> {
  const { name, version, task, description, status, files, ...rest } = manifest;
  const ordered = { name, version, task, description, status, files, ...rest };
  return writeFile(path, `${JSON.stringify(ordered, null, 2)}\n`);
}

async function previousManifest(folder: string, force: boolean): Promise<ModelManifest | null> {
  const exists = await stat(join(folder, MANIFEST_FILE)).catch(() => null);
  if (exists === null) return null;
  if (!force) throw new ImportError(`${folder} is a model already: replace it with --force`);
  return readManifest(folder).catch(() => null);
}

function nameFrom(folder: string): string {
  return basename(folder)
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 63);
}

function checked(field: string, value: string, pattern: string): string {
  if (new RegExp(pattern).test(value)) return value;
  throw new ImportError(
    field === 'name'
      ? `the name ${value} cannot be used: give --name with lower-case letters, digits and hyphens, 63 at most`
      : `the version ${value} cannot be used: give --version like 1.0.0 or 1.1.0-beta.1`,
  );
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
