import { isDeepStrictEqual } from 'node:util';
import { SupervisedLane, type RuntimeModel } from './lane.js';
import { laneOptions, type LaneRuntimeOptions } from './lane-options.js';
import {
  LaneDiedError,
  type Lane,
  type LoadedModel,
  type ModelSpec,
  type Runtime,
  type RuntimeStats,
} from './runtime.js';

/**
 * Runs ONNX models in processes of their own: `session.run` stops the event
 * loop it is called on, and only a process can be ended when a model hangs,
 * crashes or takes all memory.
 */
export class LaneRuntime implements Runtime {
  readonly lanes: readonly SupervisedLane[];
  private readonly options: LaneRuntimeOptions;
  private readonly models = new Map<string, RuntimeModel>();
  private readonly listeners: ((lane: Lane) => void)[] = [];
  private nextIndex = 0;
  /** Loads and unloads happen one after another. */
  private lastChange: Promise<unknown> = Promise.resolve();

  constructor(options: Partial<LaneRuntimeOptions> = {}) {
    this.options = laneOptions(options);
    this.lanes = Array.from(
      { length: this.options.lanes },
      (_, id) => new SupervisedLane(id, this.options, this.models, (lane) => this.onReady(lane)),
    );
  }

  /** @throws Error with the reason of each lane when none can start */
  async start(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.start()));
    if (this.lanes.some((lane) => lane.ready)) return;
    const reasons = new Set(this.lanes.map((lane) => lane.stats().lastExit ?? 'it was closed'));
    await this.close();
    throw new Error(`no lane can start: ${[...reasons].join('; ')}`);
  }

  /** @throws Error with the reason when the model cannot be opened; the lanes live on */
  load(spec: ModelSpec): Promise<LoadedModel> {
    return this.inTurn(() => this.open(spec));
  }

  unload(key: string): Promise<void> {
    return this.inTurn(async () => {
      const model = this.models.get(key);
      if (model === undefined) return;
      this.models.delete(key);
      await this.releaseEverywhere(model);
    });
  }

  onLaneReady(listener: (lane: Lane) => void): void {
    this.listeners.push(listener);
  }

  stats(): RuntimeStats {
    const models = [...this.models].map(([key, { loaded }]) => [key, loaded] as const);
    return {
      device: this.device(models.map(([, { provider }]) => provider)),
      lanes: this.lanes.map((lane) => lane.stats()),
      models: Object.fromEntries(models),
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.close()));
  }

  private async open(spec: ModelSpec): Promise<LoadedModel> {
    const present = this.models.get(spec.key);
    if (present !== undefined) {
      if (isDeepStrictEqual(present.spec, spec)) return present.loaded;
      throw new Error(`${spec.key} is loaded with other settings: unload it first`);
    }
    const [first] = this.lanes.filter((lane) => lane.ready);
    if (first === undefined) throw new Error(`cannot load ${spec.key}: no lane is ready`);
    const model: RuntimeModel = {
      index: this.nextIndex++,
      spec,
      loaded: { provider: 'cpu', skipped: [] },
    };

    try {
      // One lane goes first: a model that ends its process ends no more than this one.
      model.loaded = await first.load(model);
      this.models.set(spec.key, model);
      await this.loadOnTheRest(model, first);
    } catch (error) {
      this.models.delete(spec.key);
      await this.releaseEverywhere(model);
      const reason = error instanceof Error ? error.message : String(error);
      throw new Error(`cannot load ${spec.key}: ${reason}`, { cause: error });
    }
    return model.loaded;
  }

  /** Lanes that are starting find the model by themselves. */
  private async loadOnTheRest(model: RuntimeModel, first: Lane): Promise<void> {
    const rest = this.lanes.filter((lane) => lane !== first && lane.ready);
    const results = await Promise.allSettled(rest.map((lane) => lane.load(model)));
    for (const result of results) {
      // A lane that ended meanwhile opens it when it starts again.
      if (result.status === 'rejected' && !(result.reason instanceof LaneDiedError)) {
        throw result.reason;
      }
    }
  }

  private async releaseEverywhere(model: RuntimeModel): Promise<void> {
    await Promise.all(this.lanes.map((lane) => lane.unload(model)));
  }

  private device(providers: readonly string[]): string {
    const names = providers.map((name) =>
      name === 'cuda' ? `cuda:${this.options.cudaDevice}` : name,
    );
    return names.length === 0 ? 'cpu' : [...new Set(names)].join('+');
  }

  private inTurn<T>(change: () => Promise<T>): Promise<T> {
    const result = this.lastChange.then(change);
    this.lastChange = result.catch(() => undefined);
    return result;
  }

  private onReady(lane: Lane): void {
    for (const listener of this.listeners) listener(lane);
  }
}
