import type { Probe, ProbeResult } from '@app/common';
import type { Runtime } from './runtime/runtime.js';
import type { Scheduler } from './scheduler/scheduler.js';

/** Waiting longer than this is noticed by people. */
const DEGRADED_MS = 1_000;

/** How much waits for the lanes, and how many of them work. */
export class QueueProbe implements Probe {
  readonly name = 'queue';
  readonly critical = false;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly runtime: Runtime,
  ) {}

  check(): ProbeResult {
    const { interactive, bulk, oldestMs } = this.scheduler.stats();
    const active = this.runtime.lanes.filter((lane) => lane.inFlight > 0).length;
    const waiting = interactive.items + bulk.items;
    return {
      status: oldestMs > DEGRADED_MS && interactive.items > 0 ? 'degraded' : 'healthy',
      message: `${waiting} waiting, ${active} of ${this.runtime.lanes.length} workers active`,
    };
  }
}
