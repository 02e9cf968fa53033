import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DomainError } from '@app/common';
import { modelKey, type CatalogEntry, type ModelManifest } from '@app/model-registry';
import type { LoadedModel, ModelSpec, Runtime, TokenBatch } from './runtime/runtime.js';
import type { ScheduledModel } from './scheduler/work.js';
import { taskFor } from './tasks/task-registry.js';
import type { TaskModel } from './tasks/task.js';
import { createTokenizer } from './tokenization/wordpiece-tokenizer.js';

/** A model version that is open on every lane. */
export interface ServedModel extends TaskModel {
  readonly scheduled: ScheduledModel;
  readonly loaded: LoadedModel;
}

/**
 * Budget on a device that gains from large batches. Manifests carry the CPU's,
 * where more than a few hundred tokens a call gain nothing.
 */
const ACCELERATOR_BUDGET = { maxBatchTokens: 16_384, maxPaddingWaste: 0.25 };

/** Sequence lengths each lane runs once before it takes requests: the first run of a session is slow. */
const WARM_UP_LENGTHS = [8, 32];

/** The model versions this process serves, from files on disk to sessions on lanes. */
export class ModelPool {
  private readonly served = new Map<string, ServedModel>();

  /** @param maxSequenceLength the operator's limit in tokens; a manifest's lower limit stays */
  constructor(
    private readonly runtime: Runtime,
    private readonly maxSequenceLength: number,
  ) {
    runtime.onLaneReady(() => this.followDevices());
  }

  /** Opens a version on every lane and runs it once on each. */
  async load({ manifest, folder }: CatalogEntry): Promise<ServedModel> {
    const tokenizer = createTokenizer(
      await readJson(join(folder, manifest.tokenizer.file)),
      await readJson(join(folder, manifest.tokenizer.config)),
      { entityMarker: manifest.entityMarker },
    );
    const spec = specOf(manifest, folder);
    const loaded = await this.runtime.load(spec);
    await this.warmUp(spec);
    const model: ServedModel = {
      manifest,
      tokenizer,
      maxTokens: Math.min(manifest.maxTokens, this.maxSequenceLength),
      scheduled: scheduledOn(loaded, manifest),
      loaded,
    };
    this.served.set(spec.key, model);
    return model;
  }

  async unload(key: string): Promise<void> {
    this.served.delete(key);
    await this.runtime.unload(key);
  }

  /** @throws DomainError MODEL_NOT_READY when the version is not open here */
  get(manifest: ModelManifest): ServedModel {
    const model = this.served.get(modelKey(manifest));
    if (model) return model;
    throw new DomainError(
      'MODEL_NOT_READY',
      `Model ${modelKey(manifest)} is not loaded in this process; retry shortly.`,
      { retryAfterSeconds: 2 },
    );
  }

  isLoaded(manifest: ModelManifest): boolean {
    return this.served.has(modelKey(manifest));
  }

  list(): ServedModel[] {
    return [...this.served.values()];
  }

  /** A lane that cannot have its device back at a restart opens its models on another. */
  private followDevices(): void {
    const { models } = this.runtime.stats();
    for (const [key, model] of this.served) {
      const loaded = models[key];
      if (!loaded || loaded.provider === model.loaded.provider) continue;
      const scheduled = scheduledOn(loaded, model.manifest);
      this.served.set(key, { ...model, loaded, scheduled });
    }
  }

  private async warmUp(spec: ModelSpec): Promise<void> {
    for (const length of WARM_UP_LENGTHS) {
      const ids = new Int32Array(Math.min(length, spec.maxTokens));
      const batch: TokenBatch = { lengths: [ids.length], ids: [ids] };
      const ready = this.runtime.lanes.filter((lane) => lane.ready);
      await Promise.all(ready.map((lane) => lane.run(spec.key, batch)));
    }
  }
}

function scheduledOn({ provider }: LoadedModel, manifest: ModelManifest): ScheduledModel {
  return {
    key: modelKey(manifest),
    budget: provider === 'cpu' ? manifest.batching : ACCELERATOR_BUDGET,
  };
}

function specOf(manifest: ModelManifest, folder: string): ModelSpec {
  return {
    key: modelKey(manifest),
    path: join(folder, manifest.model),
    inputs: manifest.inputs,
    output: manifest.output,
    reduce: taskFor(manifest.task).reduction(manifest),
    vocabSize: manifest.vocabSize,
    maxTokens: manifest.maxTokens,
    providers: manifest.providers,
  };
}

async function readJson(path: string): Promise<unknown> {
  return JSON.parse(await readFile(path, 'utf8')) as unknown;
}
