import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SetupError } from '@app/common';
import { Ajv } from 'ajv';
import type { ModelFile, ModelManifest } from './manifest.js';
import { MANIFEST_SCHEMA } from './manifest.schema.js';

export const MANIFEST_FILE = 'model.json';

/** A model version that must not be loaded, and why. */
export class ManifestError extends SetupError {
  constructor(folder: string, problems: readonly string[]) {
    super(`${folder} cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
}

const isManifest = new Ajv({ allErrors: true }).compile(MANIFEST_SCHEMA);

/**
 * Reads `model.json` of a version's folder and checks its form, not its files.
 * @throws ManifestError naming each wrong field
 */
export async function readManifest(folder: string): Promise<ModelManifest> {
  const path = join(folder, MANIFEST_FILE);
  const manifest: unknown = await readFile(path, 'utf8')
    .then((text) => JSON.parse(text) as unknown)
    .catch((error: unknown) => {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ManifestError(folder, [`${MANIFEST_FILE} cannot be read: ${reason}`]);
    });
  const problems = manifestProblems(manifest);
  if (!isManifest(manifest) || problems.length > 0) throw new ManifestError(folder, problems);
  for (const [field, expected] of [
    ['name', basename(dirname(folder))],
    ['version', basename(folder)],
  ] as const) {
    if (manifest[field] !== expected) {
      problems.push(`${field} is ${manifest[field]} but the folder says ${expected}`);
    }
  }
  if (problems.length > 0) throw new ManifestError(folder, problems);
  return manifest;
}

/** What is wrong with the content of a manifest; empty when it is sound. */
export function manifestProblems(manifest: unknown): string[] {
  if (!isManifest(manifest)) {
    return (isManifest.errors ?? []).map(
      ({ instancePath, message, params }) =>
        `${instancePath.slice(1).replaceAll('/', '.') || MANIFEST_FILE} ${message ?? 'is wrong'}${
          'additionalProperty' in params ? `: ${String(params.additionalProperty)}` : ''
        }`,
    );
  }
  const problems = nullFields(manifest).map(
    (field) => `${field} is null: leave an unused field out`,
  );
  const listed = new Set(manifest.files.map((file) => file.path));
  for (const path of [manifest.model, manifest.tokenizer.file, manifest.tokenizer.config]) {
    if (!listed.has(path)) problems.push(`files does not list ${path}`);
  }
  if (manifest.task === 'embedding' && !manifest.embedding) {
    problems.push('embedding is missing: an embedding model needs its pooling');
  }
  if (manifest.task === 'embedding' && manifest.labels.length > 0) {
    problems.push('labels must be empty: an embedding model has no classes');
  }
  if (manifest.task !== 'embedding' && manifest.labels.length < 2) {
    problems.push(`labels must name at least 2 classes for the task ${manifest.task}`);
  }
  if (manifest.task === 'assertion' && !manifest.entityMarker) {
    problems.push('entityMarker is missing: an assertion model needs its special token');
  }
  return problems;
}

/** Ajv's `nullable`, which an optional field of the type demands, also lets null pass. */
function nullFields(manifest: ModelManifest): string[] {
  const { entityMarker, embedding, inputs } = manifest;
  const optional = {
    entityMarker,
    embedding,
    'inputs.mask': inputs.mask,
    'inputs.types': inputs.types,
  };
  return Object.entries(optional)
    .filter(([, value]: [string, unknown]) => value === null)
    .map(([field]) => field);
}

/**
 * Compares the files with what the manifest says of them.
 * @throws ManifestError naming each file that is missing, differs or lies outside the folder
 */
export async function verifyFiles(folder: string, manifest: ModelManifest): Promise<void> {
  const root = await realpath(folder);
  const results = await Promise.all(manifest.files.map((file) => fileProblem(root, file)));
  const problems = results.filter((problem) => problem !== null);
  if (problems.length > 0) throw new ManifestError(folder, problems);
}

async function fileProblem(root: string, file: ModelFile): Promise<string | null> {
  const path = await realpath(join(root, file.path)).catch(() => null);
  if (path === null) return `${file.path} is missing`;
  if (!path.startsWith(root + sep)) return `${file.path} leads out of the folder`;
  const found = await stat(path);
  if (!found.isFile()) return `${file.path} is not a file`;
  if (found.size !== file.bytes) return `${file.path} has ${found.size} bytes, not ${file.bytes}`;
  const actual = await describeFile(root, file.path).catch(() => null);
  if (actual === null) return `${file.path} cannot be read`;
  return actual.sha256 === file.sha256 ? null : `${file.path} does not match its SHA-256`;
}

/** A file's entry in a manifest; reads it as a stream, since models are large. */
export async function describeFile(folder: string, path: string): Promise<ModelFile> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = createReadStream(join(folder, path));
  stream.on('data', (chunk) => (bytes += chunk.length));
  await pipeline(stream, hash);
  return { path, sha256: hash.digest('hex'), bytes };
}
