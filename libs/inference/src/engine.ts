import type { ModelRegistry } from '@app/model-registry';
import type { Canary } from './canary.js';
import type { ModelPool } from './model-pool.js';
import type { Runtime } from './runtime/runtime.js';
import type { Scheduler } from './scheduler/scheduler.js';

/** Brings everything that computes up and down, in the only orders that work. */
export class InferenceEngine {
  constructor(
    private readonly runtime: Runtime,
    private readonly registry: ModelRegistry,
    private readonly pool: ModelPool,
    private readonly scheduler: Scheduler,
    private readonly canary: Canary,
  ) {}

  /** Resolves once every model to be served has answered an inference. */
  async start(): Promise<void> {
    await this.runtime.start();
    for (const entry of this.registry.servable()) await this.pool.load(entry);
    await this.canary.start();
  }

  /** Lets accepted work finish for up to `graceMs`, then ends the lanes. */
  async close(graceMs: number): Promise<void> {
    this.canary.stop();
    await this.scheduler.close(performance.now() + graceMs);
    await this.runtime.close();
  }
}
