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
  const problems: SetupError[] = versions.flatMap(({ entry }) =>
    entry instanceof ManifestError ? [entry] : [],
  );
  const registry = registryOf(sound, serve, problems);
  output.print(
    formatTable([
      ['MODEL', 'VERSION', 'TASK', 'STATUS', 'PRECISION', 'SIZE', 'FROM', 'SERVED'],
      ...versions.map((version) => row(version, registry)),
    ]),
  );
  for (const { message } of problems) output.printError(`\n${message}`);
  return problems.length === 0 ? DONE : FAILED;
}

function registryOf(
  sound: readonly CatalogEntry[],
  serve: readonly string[],
  problems: SetupError[],
): ModelRegistry | null {
  try {
    return new ModelRegistry(sound, serve);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    problems.push(error);
    return null;
  }
}

function row(found: FoundVersion, registry: ModelRegistry | null): string[] {
  const { name, version, place, entry } = found;
  if (entry instanceof ManifestError) return [name, version, '?', 'unsound', '', '', place, 'no'];
  const { task, status, precision, files } = entry.manifest;
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const use = servedAs(entry, registry);
  return [name, version, task, status, precision, megabytes(bytes), place, use];
}

/** `default` for the version that answers where a request names only the task, as `/predict` does. */
function servedAs(entry: CatalogEntry, registry: ModelRegistry | null): string {
  if (!registry?.servable().includes(entry)) return 'no';
  const { task } = entry.manifest;
  return registry.resolve({ task }) === entry.manifest ? 'default' : 'yes';
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
