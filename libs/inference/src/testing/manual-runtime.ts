import type {
  BatchOutput,
  Lane,
  LoadedModel,
  Runtime,
  RuntimeStats,
  TokenBatch,
} from '../runtime/runtime.js';

/**
 * A runtime that computes nothing until a test says so: each batch handed to a
 * lane waits in `running` to be finished or failed, which makes every order of
 * events reproducible.
 */
export class ManualRuntime implements Runtime {
  readonly lanes: ManualLane[];
  private readonly listeners: ((lane: Lane) => void)[] = [];

  constructor(laneCount = 1) {
    this.lanes = Array.from({ length: laneCount }, (_, id) => new ManualLane(id));
  }

  /** Batches on all lanes, in the order they were handed over. */
  get running(): ManualBatch[] {
    return this.lanes.flatMap((lane) => lane.running).sort((a, b) => a.order - b.order);
  }

  onLaneReady(listener: (lane: Lane) => void): void {
    this.listeners.push(listener);
  }

  setReady(lane: ManualLane, ready: boolean): void {
    lane.ready = ready;
    if (ready) for (const listener of this.listeners) listener(lane);
  }

  /** Finishes batches, and those formed meanwhile, until nothing runs. */
  async finishAll(runMs = 1): Promise<ManualBatch[]> {
    const done: ManualBatch[] = [];
    for (let batch = this.running[0]; batch; batch = this.running[0]) {
      done.push(batch);
      await batch.finish(runMs);
    }
    return done;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  load(): Promise<LoadedModel> {
    return Promise.resolve({ provider: 'cpu', skipped: [] });
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  stats(): RuntimeStats {
    return { device: 'manual', lanes: [], models: {} };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

let orders = 0;

export class ManualLane implements Lane {
  ready = true;
  readonly running: ManualBatch[] = [];

  constructor(readonly id: number) {}

  get inFlight(): number {
    return this.running.length;
  }

  run(key: string, batch: TokenBatch): Promise<BatchOutput> {
    return new Promise((resolve, reject) => {
      const end = () => this.running.splice(this.running.indexOf(entry), 1);
      const entry: ManualBatch = {
        order: orders++,
        lane: this,
        key,
        ids: batch.ids,
        lengths: batch.lengths,
        finish: async (runMs = 1, rows = batch.ids.map((ids) => Float32Array.from(ids))) => {
          end();
          resolve({ rows, runMs });
          await settled();
        },
        fail: async (error) => {
          end();
          reject(error);
          await settled();
        },
      };
      this.running.push(entry);
    });
  }
}

export interface ManualBatch {
  readonly order: number;
  readonly lane: ManualLane;
  readonly key: string;
  readonly ids: readonly Int32Array[];
  readonly lengths: readonly number[];
  /** Answers; by default each item's row is its own ids, so that mix-ups show. */
  finish(runMs?: number, rows?: readonly Float32Array[]): Promise<void>;
  fail(error: Error): Promise<void>;
}

/** Lets everything that follows from a settled promise happen. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
