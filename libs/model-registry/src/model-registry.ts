import { DomainError, SetupError } from '@app/common';
import type { ModelManifest, TaskName } from './manifest.js';
import { modelKey } from './manifest.js';
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

/** Every model version this process knows, and which one answers a request. */
export class ModelRegistry {
  /** Newest version first. */
  private readonly byName = new Map<string, CatalogEntry[]>();

  /**
   * @param entries all versions found on disk
   * @param serve `name` or `name@version` to be served; empty for all
   * @throws SetupError when `serve` names something that is not there, naming what is
   */
  constructor(entries: readonly CatalogEntry[], serve: readonly string[] = []) {
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
  }

  names(): string[] {
    return [...this.byName.keys()].sort();
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
    const name = selector.name ?? this.defaultFor(selector.task);
    const servable = this.entriesOf(name).filter(isServable);
    const { version } = selector;
    const found =
      version === undefined
        ? (servable.find((entry) => entry.manifest.status === 'stable') ?? servable[0])
        : servable.find((entry) => entry.manifest.version === version);
    if (found) return found.manifest;
    const available = servable.map((entry) => entry.manifest.version);
    throw new DomainError(
      selector.versionFrom === 'path' ? 'MODEL_NOT_FOUND' : 'UNKNOWN_MODEL_VERSION',
      `${name} has no such version; available: ${available.join(', ') || 'none'}.`,
      { details: { model: name, available_versions: available } },
    );
  }

  /** The first model, by name, that does the task. */
  private defaultFor(task: TaskName): string {
    for (const name of this.names()) {
      const entries = this.byName.get(name) ?? [];
      if (entries.some((entry) => entry.manifest.task === task && isServable(entry))) return name;
    }
    throw new DomainError('MODEL_NOT_FOUND', `No model for the task "${task}" is served here.`, {
      details: { available_models: this.names() },
    });
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

function isServable(entry: CatalogEntry): boolean {
  return entry.manifest.status !== 'retired';
}

function chosen(entries: readonly CatalogEntry[], serve: readonly string[]): CatalogEntry[] {
  if (serve.length === 0) return [...entries];
  for (const wish of serve) {
    if (entries.some((entry) => matches(entry, wish))) continue;
    const known = entries.map((entry) => modelKey(entry.manifest)).sort();
    throw new SetupError(
      `MODELS names ${wish}, which was not found; there are: ${known.join(', ') || 'none'}`,
    );
  }
  return entries.filter((entry) => serve.some((wish) => matches(entry, wish)));
}

function matches({ manifest }: CatalogEntry, wish: string): boolean {
  return wish === manifest.name || wish === modelKey(manifest);
}
