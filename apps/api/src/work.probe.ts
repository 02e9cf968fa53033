import type { Probe, ProbeResult } from '@app/common';
import type { WorkReadings } from '@app/observability';

/** Older numbers say that nobody answered for a while. */
const STALE_MS = 15_000;
/** A worker that starts again takes less. */
const UNATTENDED_SECONDS = 30;

/** Whether jobs have workers and their queues answer. Predictions do without either. */
export class WorkProbe implements Probe {
  readonly name = 'jobs';
  readonly critical = false;

  constructor(
    private readonly numbers: WorkReadings,
    private readonly backend: 'redis' | 'postgres',
  ) {}

  async check(): Promise<ProbeResult> {
    const [load, entries] = await Promise.all([this.numbers.load(), this.numbers.entries()]);
    if (load === null || load.ageMs > STALE_MS) {
      return { status: 'degraded', message: 'the database does not tell how many jobs there are' };
    }
    const { slices, workers, slots, oldestWaitingSeconds } = load.value;
    const { waiting = 0, admitted = 0, running = 0 } = slices;
    const told =
      `${workers} active workers with ${slots} slots, ` +
      `${running} slices running, ${waiting + admitted} waiting`;
    if (entries === null || entries.ageMs > STALE_MS) {
      return {
        status: 'degraded',
        message: `${told}; the queue on ${this.backend} does not answer`,
      };
    }
    const unattended = workers === 0 && oldestWaitingSeconds > UNATTENDED_SECONDS;
    const message = `${told}, queue on ${this.backend}`;
    return { status: unattended ? 'degraded' : 'healthy', message };
  }
}
