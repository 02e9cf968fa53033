import { SetupError } from '@app/common';
import {
  findVersionFolders,
  modelKey,
  ModelRegistry,
  readManifest,
  verifyFiles,
  type CatalogEntry,
  type ModelManifest,
} from '@app/model-registry';
import type { Finding } from './finding.js';

export interface ModelsFound {
  readonly findings: readonly Finding[];
  /** What the service would load. */
  readonly served: readonly ModelManifest[];
}

/** The models as the service would find them, checksums included. */
export async function checkModels(
  roots: readonly string[],
  serve: readonly string[],
): Promise<ModelsFound> {
  const findings: Finding[] = [];
  const entries: CatalogEntry[] = [];
  for (const root of new Set(roots)) {
    try {
      for (const folder of await findVersionFolders(root)) {
        const entry = await readEntry(folder, findings);
        if (entry) entries.push(entry);
      }
    } catch (error) {
      findings.push(failure('models', error));
    }
  }
  const served = servedOf(entries, serve, findings);
  for (const entry of entries) findings.push(await checkFiles(entry, served.includes(entry)));
  if (served.length === 0 && findings.every(({ state }) => state !== 'fail')) {
    findings.push({ state: 'fail', subject: 'models', text: 'there is none to serve' });
  }
  return { findings, served: served.map(({ manifest }) => manifest) };
}

async function readEntry(folder: string, findings: Finding[]): Promise<CatalogEntry | null> {
  try {
    return { folder, manifest: await readManifest(folder) };
  } catch (error) {
    findings.push(failure('model', error));
    return null;
  }
}

function servedOf(
  entries: readonly CatalogEntry[],
  serve: readonly string[],
  findings: Finding[],
): CatalogEntry[] {
  try {
    return new ModelRegistry(entries, serve).servable();
  } catch (error) {
    findings.push(failure('models', error));
    return [];
  }
}

async function checkFiles(entry: CatalogEntry, served: boolean): Promise<Finding> {
  const { folder, manifest } = entry;
  const subject = `model ${modelKey(manifest)}`;
  try {
    await verifyFiles(folder, manifest);
  } catch (error) {
    const finding = failure(subject, error);
    return served ? finding : { ...finding, state: 'note' };
  }
  const use = served
    ? 'to be served'
    : manifest.status === 'retired'
      ? 'retired'
      : 'not named by MODELS';
  const text = `${manifest.files.length} files match their checksums, ${use}`;
  return { state: 'ok', subject, text };
}

function failure(subject: string, error: unknown): Finding {
  if (!(error instanceof SetupError)) throw error;
  return { state: 'fail', subject, text: error.message };
}
