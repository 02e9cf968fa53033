import type {
  BatchOutput,
  Lane,
  LoadedModel,
  ModelSpec,
  Runtime,
  RuntimeStats,
  TokenBatch,
} from '@app/inference';

/** A runtime whose models answer zeros at no cost, so that a measurement shows everything else. */
export class NoopRuntime implements Runtime {
  readonly lanes: readonly Lane[] = [new NoopLane(0), new NoopLane(1)];

  start(): Promise<void> {
    return Promise.resolve();
  }

  load(_spec: ModelSpec): Promise<LoadedModel> {
    return Promise.resolve({ provider: 'cpu', skipped: [] });
  }

  unload(): Promise<void> {
    return Promise.resolve();
  }

  onLaneReady(): void {
    // Its lanes are ready from the start and never end.
  }

  stats(): RuntimeStats {
    return { device: 'none', lanes: [], models: {} };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Three logits, as the bundled model has. */
const ROW = new Float32Array(3);

class NoopLane implements Lane {
  readonly ready = true;
  inFlight = 0;

  constructor(readonly id: number) {}

  async run(_key: string, batch: TokenBatch): Promise<BatchOutput> {
    this.inFlight++;
    await Promise.resolve();
    this.inFlight--;
    return { rows: batch.ids.map(() => ROW), runMs: 0 };
  }
}
