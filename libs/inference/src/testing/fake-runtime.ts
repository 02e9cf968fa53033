import {
  LaneDiedError,
  RunFailedError,
  type BatchOutput,
  type Lane,
  type LaneStats,
  type LoadedModel,
  type ModelSpec,
  type OutputReduction,
  type Runtime,
  type RuntimeStats,
  type TokenBatch,
} from '../runtime/runtime.js';

export interface FakeRuntimeOptions {
  readonly lanes: number;
  /** Values of a row, or of each token's row. */
  readonly width: number;
  /** How long a batch of this many padded tokens takes, milliseconds. */
  readonly runMs: (paddedTokens: number) => number;
  /** How long a lane that died is away, milliseconds. */
  readonly restartMs: number;
  /** Waits; a test may bring its own clock. */
  readonly wait: (ms: number) => Promise<void>;
  /** What goes wrong, and when. The first that fits a batch happens. */
  readonly failures: readonly FakeFailure[];
  /** Why a model cannot be opened, or null when it can. */
  readonly refuseModel: (spec: ModelSpec) => string | null;
}

export interface FakeFailure {
  /** The nth batch to run, from 1, counted over all lanes; or every batch with an item that holds the id. */
  readonly on: { readonly batch: number } | { readonly id: number };
  /**
   * `die`: the lane ends. `refuse`: the model rejects the batch. `hang`: no answer until the
   * lane is killed. `lose-row`: an answer with one row too few.
   */
  readonly what: 'die' | 'refuse' | 'hang' | 'lose-row';
}

export interface FakeBatch {
  readonly laneId: number;
  readonly key: string;
  readonly batch: TokenBatch;
}

const DEFAULTS: FakeRuntimeOptions = {
  lanes: 1,
  width: 3,
  runMs: () => 0,
  restartMs: 0,
  wait: (ms) =>
    new Promise((resolve) => (ms <= 0 ? setImmediate(resolve) : setTimeout(resolve, ms))),
  failures: [],
  refuseModel: () => null,
};

/**
 * The row a fake model answers for some ids: `width` values from -1 to 1 that
 * depend on every id and its place and on nothing else, so that a row tells
 * which item it belongs to.
 */
export function fakeRow(ids: Iterable<number>, width: number): Float32Array {
  // FNV-1a over the ids, then one more round for each value.
  let hash = 0x811c9dc5;
  for (const id of ids) hash = Math.imul(hash ^ id, 0x01000193);
  return Float32Array.from({ length: width }, (_, column) => {
    let value = Math.imul(hash ^ (column + 1), 0x85ebca6b);
    value = Math.imul(value ^ (value >>> 13), 0xc2b2ae35);
    return ((value ^ (value >>> 16)) >>> 0) / 2 ** 31 - 1;
  });
}

/** What a FakeRuntime answers for one item. */
export function fakeOutput(ids: Int32Array, reduce: OutputReduction, width: number): Float32Array {
  if (reduce.kind === 'tokens') {
    return Float32Array.from([...ids].flatMap((id) => [...fakeRow([id], width)]));
  }
  const row = fakeRow(ids, width);
  if (reduce.kind === 'row' || !reduce.normalize) return row;
  const length = Math.hypot(...row);
  return row.map((value) => value / length);
}

/**
 * A runtime without processes or models: it keeps every promise of the port,
 * answers by `fakeRow`, and fails as it is told to.
 */
export class FakeRuntime implements Runtime {
  readonly lanes: readonly FakeLane[];
  /** Every batch that began to run, in order. */
  readonly batches: FakeBatch[] = [];
  readonly options: FakeRuntimeOptions;
  readonly models = new Map<string, ModelSpec>();
  private readonly listeners: ((lane: Lane) => void)[] = [];

  constructor(options: Partial<FakeRuntimeOptions> = {}) {
    this.options = { ...DEFAULTS, ...options };
    this.lanes = Array.from({ length: this.options.lanes }, (_, id) => new FakeLane(id, this));
  }

  async start(): Promise<void> {
    for (const lane of this.lanes) lane.becomeReady();
  }

  async load(spec: ModelSpec): Promise<LoadedModel> {
    const reason = this.options.refuseModel(spec);
    if (reason !== null) throw new Error(`cannot load ${spec.key}: ${reason}`);
    this.models.set(spec.key, spec);
    return { provider: 'cpu', skipped: [] };
  }

  async unload(key: string): Promise<void> {
    this.models.delete(key);
  }

  onLaneReady(listener: (lane: Lane) => void): void {
    this.listeners.push(listener);
  }

  stats(): RuntimeStats {
    const keys = [...this.models.keys()];
    return {
      device: 'cpu',
      lanes: this.lanes.map((lane) => lane.stats()),
      models: Object.fromEntries(keys.map((key) => [key, { provider: 'cpu', skipped: [] }])),
    };
  }

  async close(): Promise<void> {
    for (const lane of this.lanes) lane.close();
  }

  announce(lane: Lane): void {
    for (const listener of this.listeners) listener(lane);
  }

  /** Notes a batch that begins to run and says what is to go wrong with it. */
  begin(batch: FakeBatch): FakeFailure['what'] | null {
    this.batches.push(batch);
    const number = this.batches.length;
    const failure = this.options.failures.find(({ on }) =>
      'batch' in on ? on.batch === number : batch.batch.ids.some((ids) => ids.includes(on.id)),
    );
    return failure?.what ?? null;
  }
}

interface Waiting {
  readonly spec: ModelSpec;
  readonly batch: TokenBatch;
  readonly resolve: (output: BatchOutput) => void;
  readonly reject: (error: Error) => void;
}

export class FakeLane implements Lane {
  private state: LaneStats['state'] = 'starting';
  private readonly queue: Waiting[] = [];
  /** Changes with each death: what an earlier life began is not answered by a later one. */
  private life = 0;
  private restarts = 0;
  private lastExit: string | null = null;
  private batches = 0;
  private busyMs = 0;

  constructor(
    readonly id: number,
    private readonly runtime: FakeRuntime,
  ) {}

  get ready(): boolean {
    return this.state === 'ready';
  }

  get inFlight(): number {
    return this.queue.length;
  }

  run(key: string, batch: TokenBatch): Promise<BatchOutput> {
    const spec = this.runtime.models.get(key);
    if (spec === undefined) {
      return Promise.reject(new RunFailedError(`the model ${key} is not loaded`));
    }
    if (!this.ready) return Promise.reject(new LaneDiedError(this.id, false, 'it is not ready'));
    return new Promise((resolve, reject) => {
      this.queue.push({ spec, batch, resolve, reject });
      if (this.queue.length === 1) void this.work();
    });
  }

  /** Ends the lane, as a killed process would. It is back after `restartMs`. */
  die(reason = 'killed'): void {
    if (!this.ready) return;
    this.state = 'restarting';
    this.restarts++;
    this.lastExit = reason;
    this.rejectAll(reason);
    void this.runtime.options.wait(this.runtime.options.restartMs).then(() => this.becomeReady());
  }

  becomeReady(): void {
    if (this.state === 'closed' || this.ready) return;
    this.state = 'ready';
    this.runtime.announce(this);
  }

  close(): void {
    this.state = 'closed';
    this.rejectAll('it was closed');
  }

  stats(): LaneStats {
    return {
      id: this.id,
      pid: null,
      state: this.state,
      restarts: this.restarts,
      lastExit: this.lastExit,
      memoryBytes: null,
      inFlight: this.inFlight,
      batches: this.batches,
      busyMs: this.busyMs,
    };
  }

  private async work(): Promise<void> {
    const { life } = this;
    for (let next = this.queue[0]; next !== undefined; next = this.queue[0]) {
      const { spec, batch } = next;
      const failure = this.runtime.begin({ laneId: this.id, key: spec.key, batch });
      if (failure === 'hang') return;
      const runMs = this.runtime.options.runMs(paddedTokens(batch));
      await this.runtime.options.wait(runMs);
      if (life !== this.life) return;
      if (failure === 'die') {
        this.die('it was told to');
        return;
      }
      this.queue.shift();
      this.settle(next, runMs, failure);
    }
  }

  private settle(waiting: Waiting, runMs: number, failure: FakeFailure['what'] | null): void {
    const { spec, batch } = waiting;
    const problem = failure === 'refuse' ? 'it was told to refuse' : problemOf(batch, spec);
    if (problem !== null) {
      waiting.reject(new RunFailedError(problem));
      return;
    }
    this.batches++;
    this.busyMs += runMs;
    const rows = batch.ids.map((ids) => fakeOutput(ids, spec.reduce, this.runtime.options.width));
    waiting.resolve({ rows: failure === 'lose-row' ? rows.slice(1) : rows, runMs });
  }

  private rejectAll(reason: string): void {
    this.life++;
    this.queue.splice(0).forEach((waiting, position) => {
      waiting.reject(new LaneDiedError(this.id, position === 0, reason));
    });
  }
}

function paddedTokens({ lengths }: TokenBatch): number {
  return Math.max(0, ...lengths) * lengths.length;
}

function problemOf({ ids, lengths }: TokenBatch, spec: ModelSpec): string | null {
  if (ids.length === 0) return 'the batch is empty';
  if (lengths.length !== ids.length || ids.some((item, i) => item.length !== lengths[i])) {
    return 'the lengths of the batch are not those of its ids';
  }
  if (lengths.some((length) => length < 1 || length > spec.maxTokens)) {
    return `an item has no tokens or more than ${spec.maxTokens}`;
  }
  const known = (id: number): boolean => id >= 0 && id < spec.vocabSize;
  return ids.every((item) => item.every(known)) ? null : 'an id is outside the vocabulary';
}
