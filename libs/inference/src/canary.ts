import { DomainError, type Probe, type ProbeResult } from '@app/common';
import type { ModelPool } from './model-pool.js';
import type { Runtime } from './runtime/runtime.js';
import type { Scheduler } from './scheduler/scheduler.js';
import type { ScheduledModel } from './scheduler/work.js';

export interface CanaryOptions {
  /** Without a success for this long, an idle service proves itself with one small inference. */
  readonly intervalMs: number;
  /** Without a success for this long, the service is not ready. */
  readonly staleMs: number;
}

export const DEFAULT_CANARY_OPTIONS: CanaryOptions = { intervalMs: 15_000, staleMs: 60_000 };

/**
 * Knows whether predictions work, from predictions themselves. Probes only
 * read; when nobody asks for predictions, a background inference keeps the
 * knowledge fresh.
 */
export class Canary implements Probe {
  readonly name = 'model';
  readonly critical = true;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly pool: ModelPool,
    private readonly scheduler: Scheduler,
    private readonly runtime: Runtime,
    private readonly options: CanaryOptions = DEFAULT_CANARY_OPTIONS,
  ) {}

  /** Runs a first inference on every served model, then keeps watch. */
  async start(): Promise<void> {
    for (const model of this.pool.list()) await this.infer(model.scheduled);
    this.timer = setInterval(() => this.watch(), this.options.intervalMs);
    this.timer.unref();
  }

  stop(): void {
    if (this.timer) clearInterval(this.timer);
  }

  check(): ProbeResult {
    const served = this.pool.list().length;
    const ready = this.runtime.lanes.filter((lane) => lane.ready).length;
    const total = this.runtime.lanes.length;
    const age = this.ageMs();
    if (served === 0) return { status: 'unhealthy', message: 'no model is loaded' };
    if (ready === 0) return { status: 'unhealthy', message: 'no lane is ready' };
    if (age > this.options.staleMs) {
      return { status: 'unhealthy', message: `no inference succeeded for ${seconds(age)} s` };
    }
    return {
      status: ready < total ? 'degraded' : 'healthy',
      message: `${served} loaded, ${ready} of ${total} lanes ready, last inference ${seconds(age)} s ago`,
    };
  }

  private watch(): void {
    const { interactive, bulk } = this.scheduler.stats();
    const [model] = this.pool.list();
    if (!model || interactive.items + bulk.items > 0) return;
    if (this.ageMs() < this.options.intervalMs) return;
    // A failure shows in the age of the last success.
    this.infer(model.scheduled).catch(() => undefined);
  }

  private async infer(model: ScheduledModel): Promise<void> {
    const deadline = performance.now() + this.options.staleMs;
    const context = { tenantId: 'system', deadline, signal: new AbortController().signal };
    const ids = [new Int32Array(8)];
    const [outcome] = await this.scheduler.submit(model, ids, { ...context, priority: 'bulk' });
    if (outcome instanceof DomainError) throw outcome;
  }

  private ageMs(): number {
    const last = this.scheduler.stats().lastSuccessAt;
    return last === null ? Infinity : performance.now() - last;
  }
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(0);
}
