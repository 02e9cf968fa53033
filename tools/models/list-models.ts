import { ManifestError, ModelRegistry, type CatalogEntry } from '@app/model-registry';
import { SetupError } from '@app/common';
import { DONE, FAILED, type ExitCode, type Output } from './console.js';
import { findVersions, type FoundVersion, type Places } from './places.js';
import { formatTable } from './table.js';

/** All versions found, and which of them the service would serve. */
export async function listModels(
  places: Places,
  serve: readonly string[],
  output: Output,
): Promise<ExitCode> {
  const versions = await findVersions(places);
  if (versions.length === 0) {
    output.print(`There is no model in ${places.bundled} or ${places.own}.`);
    return DONE;
  }
  const sound = versions.flatMap(({ entry }) => (entry instanceof ManifestError ? [] : [entry]));
  const problems = versions.flatMap(({ entry }) => (entry instanceof ManifestError ? [entry] : []));
  const served = servedOf(sound, serve, problems);
  output.print(
    formatTable([
      ['MODEL', 'VERSION', 'TASK', 'STATUS', 'PRECISION', 'SIZE', 'FROM', 'SERVED'],
      ...versions.map((version) => row(version, served)),
    ]),
  );
  for (const { message } of problems) output.printError(`\n${message}`);
  return problems.length === 0 ? DONE : FAILED;
}

function servedOf(
  sound: readonly CatalogEntry[],
  serve: readonly string[],
  problems: SetupError[],
): ReadonlySet<CatalogEntry> {
  try {
    return new Set(new ModelRegistry(sound, serve).servable());
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    problems.push(error);
    return new Set();
  }
}

function row(found: FoundVersion, served: ReadonlySet<CatalogEntry>): string[] {
  const { name, version, place, entry } = found;
  if (entry instanceof ManifestError) return [name, version, '?', 'unsound', '', '', place, 'no'];
  const { task, status, precision, files } = entry.manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const use = served.has(entry) ? 'yes' : 'no';
  return [name, version, task, status, precision, megabytes(bytes), place, use];
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
