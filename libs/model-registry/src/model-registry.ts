import { DomainError, SetupError } from '@app/common';
import {
  modelKey,
  TASK_NAMES,
  type ModelManifest,
  type ModelStatus,
  type TaskName,
} from './manifest.js';
import { compareVersions } from './model-version.js';

/** A manifest and the folder its files lie in. */
export interface CatalogEntry {
  readonly manifest: ModelManifest;
  /** Absolute path. */
  readonly folder: string;
}

/** Which model a caller means: by name, or the service's default for a task. */
export type ModelSelector = (
  | { readonly name: string; readonly task?: undefined }
  | { readonly task: TaskName; readonly name?: undefined }
) & {
  /** Left out: the latest stable version. */
  readonly version?: string;
  /** An unknown version is a wrong address in the path, a wrong request elsewhere. */
  readonly versionFrom?: 'path' | 'request';
};

/** Which versions answer a request that names none, the most wanted first; retired ones answer none. */
const DEFAULT_ORDER: readonly ModelStatus[] = ['stable', 'beta', 'deprecated'];

/** Every model version this process knows, and which one answers a request. */
export class ModelRegistry {
  /** In the order found, so the bundled models come first; newest version first. */
  private readonly byName = new Map<string, CatalogEntry[]>();
  private readonly defaults: ReadonlyMap<TaskName, string>;

  /**
   * @param entries all versions found on disk
   * @param serve `name` or `name@version` to be served; empty for all. Of several models that do
   * a task, the one named first is the task's default.
   * @throws SetupError when `serve` names something that is not there, naming what is
   */
  constructor(
    entries: readonly CatalogEntry[],
    private readonly serve: readonly string[] = [],
  ) {
    for (const entry of chosen(entries, serve)) {
      const { name } = entry.manifest;
      const versions = this.byName.get(name) ?? [];
      if (versions.some((other) => other.manifest.version === entry.manifest.version)) {
        throw new SetupError(
          `${modelKey(entry.manifest)} was found twice: in ${entry.folder} and elsewhere`,
        );
      }
      versions.push(entry);
      versions.sort((a, b) => compareVersions(b.manifest.version, a.manifest.version));
      this.byName.set(name, versions);
    }
    this.defaults = new Map(TASK_NAMES.flatMap((task) => this.findDefault(task)));
  }

  /** Models of which a version can answer. */
  names(): string[] {
    return [...this.byName]
      .filter(([, entries]) => entries.some(isServable))
      .map(([name]) => name)
      .sort();
  }

  /** All versions of a model, newest first. @throws DomainError MODEL_NOT_FOUND */
  versions(name: string): ModelManifest[] {
    return this.entriesOf(name).map((entry) => entry.manifest);
  }

  /** What is to be loaded: everything but retired versions. */
  servable(): CatalogEntry[] {
    return [...this.byName.values()].flat().filter(isServable);
  }

  /**
   * The version that answers.
   * @throws DomainError MODEL_NOT_FOUND or UNKNOWN_MODEL_VERSION, naming what there is
   */
  resolve(selector: ModelSelector): ModelManifest {
    const { task, version } = selector;
    const name = selector.name ?? this.defaultFor(selector.task);
    const servable = this.entriesOf(name).filter(
      (entry) => isServable(entry) && (task === undefined || entry.manifest.task === task),
    );
    const found =
      version === undefined
        ? latest(servable)
        : servable.find((entry) => entry.manifest.version === version);
    if (found) return found.manifest;
    const available = servable.map((entry) => entry.manifest.version);
    const unknown = available.length === 0 || selector.versionFrom === 'path';
    throw new DomainError(
      unknown ? 'MODEL_NOT_FOUND' : 'UNKNOWN_MODEL_VERSION',
      available.length === 0
        ? `Every version of ${name} is retired.`
        : `${name} has no such version; available: ${available.join(', ')}.`,
      { details: { model: name, available_versions: available } },
    );
  }

  private defaultFor(task: TaskName): string {
    const name = this.defaults.get(task);
    if (name !== undefined) return name;
    throw new DomainError('MODEL_NOT_FOUND', `No model for the task "${task}" is served here.`, {
      details: { available_models: this.names() },
    });
  }

  /**
   * Of the models that do the task: the one MODELS names first, else the first
   * found with a stable version, so that adding a model of one's own does not
   * silently change who answers `/predict`.
   */
  private findDefault(task: TaskName): [TaskName, string][] {
    const candidates = [...this.byName.values()].flatMap((entries) => {
      const entry = latest(entries.filter((e) => isServable(e) && e.manifest.task === task));
      return entry ? [entry] : [];
    });
    const rank = (entry: CatalogEntry): number => {
      const wish = this.serve.findIndex((name) => matches(entry, name));
      return wish >= 0 ? wish : entry.manifest.status === 'stable' ? 0 : 1;
    };
    const [first] = candidates.sort((a, b) => rank(a) - rank(b));
    return first ? [[task, first.manifest.name]] : [];
  }

  private entriesOf(name: string): CatalogEntry[] {
    const entries = this.byName.get(name);
    if (entries) return entries;
    throw new DomainError(
      'MODEL_NOT_FOUND',
      `There is no model of that name; available: ${this.names().join(', ') || 'none'}.`,
      { details: { available_models: this.names() } },
    );
  }
}

/** @param newestFirst of one model */
function latest(newestFirst: readonly CatalogEntry[]): CatalogEntry | undefined {
  for (const status of DEFAULT_ORDER) {
    const found = newestFirst.find((entry) => entry.manifest.status === status);
    if (found) return found;
  }
  return undefined;
}

function isServable(entry: CatalogEntry): boolean {
  return entry.manifest.status !== 'retired';
}

function chosen(entries: readonly CatalogEntry[], serve: readonly string[]): CatalogEntry[] {
  if (serve.length === 0) return [...entries];
  for (const wish of serve) {
    const wanted = entries.filter((entry) => matches(entry, wish));
    if (wanted.some(isServable)) continue;
    const known = entries.filter(isServable).map((entry) => modelKey(entry.manifest));
    throw new SetupError(
      `MODELS names ${wish}, which ${wanted.length > 0 ? 'is retired' : 'was not found'}; ` +
        `there are: ${known.sort().join(', ') || 'none'}`,
    );
  }
  return entries.filter((entry) => serve.some((wish) => matches(entry, wish)));
}

function matches({ manifest }: CatalogEntry, wish: string): boolean {
  return wish === manifest.name || wish === modelKey(manifest);
}
