import type { LaneReply, SessionSettings } from './lane-messages.js';
import { LaneConnection } from './lane-connection.js';
import type { LaneRuntimeOptions } from './lane-options.js';
import { RestartBackoff } from './restart-backoff.js';
import {
  LaneDiedError,
  RunFailedError,
  type BatchOutput,
  type Lane,
  type LaneStats,
  type LoadedModel,
  type ModelSpec,
  type TokenBatch,
} from './runtime.js';

/** A model that every lane must hold; `loaded` is what the latest lane to open it said. */
export interface RuntimeModel {
  /** Names the model on the pipe. */
  readonly index: number;
  readonly spec: ModelSpec;
  loaded: LoadedModel;
}

/** A lane that outlives its processes: when one ends the next is started and opens the same models. */
export class SupervisedLane implements Lane {
  private connection: LaneConnection | null = null;
  private state: LaneStats['state'] = 'starting';
  private readonly backoff = new RestartBackoff();
  private restartTimer: NodeJS.Timeout | null = null;
  private readySince: number | null = null;
  private restarts = 0;
  private lastExit: string | null = null;
  /** Of processes that have ended. */
  private readonly past = { batches: 0, busyMs: 0 };

  /** @param models what every process of this lane opens; may change at any time */
  constructor(
    readonly id: number,
    private readonly options: LaneRuntimeOptions,
    private readonly models: ReadonlyMap<string, RuntimeModel>,
    private readonly onReady: (lane: Lane) => void,
  ) {}

  get ready(): boolean {
    return this.state === 'ready' && this.connection?.usable === true;
  }

  get inFlight(): number {
    return this.connection?.inFlight ?? 0;
  }

  /** Starts the first process. Resolves once it is ready or has failed; restarts go on by themselves. */
  start(): Promise<void> {
    return this.bringUp();
  }

  run(key: string, batch: TokenBatch): Promise<BatchOutput> {
    const model = this.models.get(key);
    if (model === undefined) {
      return Promise.reject(new RunFailedError(`the model ${key} is not loaded`));
    }
    if (this.connection === null || !this.ready) {
      return Promise.reject(new LaneDiedError(this.id, false, 'it is not ready'));
    }
    const { lengths, ids } = batch;
    if (lengths.length !== ids.length || ids.some((item, i) => item.length !== lengths[i])) {
      return Promise.reject(
        new RunFailedError('the lengths of the batch are not those of its ids'),
      );
    }
    return this.connection.run(model.index, model.spec.reduce, ids);
  }

  /**
   * Opens a model in the process that runs now.
   * @throws LaneDiedError, or Error with the reason it was refused
   */
  async load(model: RuntimeModel): Promise<LoadedModel> {
    if (this.connection === null) throw new LaneDiedError(this.id, false, 'it is not ready');
    return load(this.connection, model, this.options);
  }

  /** Releases a model if this lane holds it. */
  async unload(model: RuntimeModel): Promise<void> {
    try {
      await this.connection?.request(
        { type: 'unload', model: model.index },
        this.options.loadLimitMs,
      );
    } catch (error) {
      // A process that has ended holds nothing.
      if (!(error instanceof LaneDiedError)) throw error;
    }
  }

  stats(): LaneStats {
    const { connection, past } = this;
    return {
      id: this.id,
      pid: connection?.pid ?? null,
      state: this.state,
      restarts: this.restarts,
      lastExit: this.lastExit,
      memoryBytes: connection?.memoryBytes ?? null,
      inFlight: this.inFlight,
      batches: past.batches + (connection?.batches ?? 0),
      busyMs: past.busyMs + (connection?.busyMs ?? 0),
    };
  }

  async close(): Promise<void> {
    this.state = 'closed';
    if (this.restartTimer !== null) clearTimeout(this.restartTimer);
    await this.connection?.close();
  }

  private async bringUp(): Promise<void> {
    if (this.state === 'closed') return;
    const connection = new LaneConnection(this.id, this.options);
    this.connection = connection;
    void connection.ended.then((reason) => this.onEnded(connection, reason));
    try {
      await connection.started;
      // Models added while this goes on are met by the same loop.
      for (const model of this.models.values()) {
        model.loaded = await load(connection, model, this.options);
      }
    } catch (error) {
      // One that is about to end says better why.
      if (connection.usable) {
        connection.kill(error instanceof Error ? error.message : String(error));
      }
      await connection.ended;
      return;
    }
    if (!connection.usable) return;
    this.state = 'ready';
    this.readySince = performance.now();
    this.onReady(this);
  }

  private onEnded(connection: LaneConnection, reason: string): void {
    this.past.batches += connection.batches;
    this.past.busyMs += connection.busyMs;
    this.connection = null;
    if (this.state === 'closed') return;

    const upMs = this.readySince === null ? 0 : performance.now() - this.readySince;
    const restartInMs = this.backoff.nextDelayMs(upMs);
    this.readySince = null;
    this.state = 'restarting';
    this.restarts++;
    this.lastExit = reason;
    this.options.onLaneExit({ laneId: this.id, reason, restartInMs });
    this.restartTimer = setTimeout(() => void this.bringUp(), restartInMs);
  }
}

async function load(
  connection: LaneConnection,
  { index, spec }: RuntimeModel,
  options: LaneRuntimeOptions,
): Promise<LoadedModel> {
  const settings: SessionSettings = { threads: options.threads, cudaDevice: options.cudaDevice };
  const reply: LaneReply = await connection.request(
    { type: 'load', model: index, spec, settings },
    options.loadLimitMs,
  );
  if (reply.type === 'loaded') return reply.loaded;
  throw new Error(reply.type === 'refused' ? reply.message : `unexpected answer ${reply.type}`);
}
