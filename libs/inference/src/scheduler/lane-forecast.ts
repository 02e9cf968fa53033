import type { Lane } from '../runtime/runtime.js';

/** How long before a lane's end the next batch is formed: enough to send it, even by a late timer. */
const LEAD_MS = 3;

interface Held {
  /** What each batch is expected to take, the running one first, milliseconds. */
  readonly runs: number[];
  startedAt: number;
}

/** Foretells, from what batches of a model took so far, when each lane will have finished what it holds. */
export class LaneForecast {
  private readonly lanes = new Map<Lane, Held>();
  private timer: NodeJS.Timeout | null = null;

  /** @param onNearEnd told when a lane that `watch` was asked about is near its end */
  constructor(
    private readonly now: () => number,
    private readonly onNearEnd: () => void,
  ) {}

  /** @param runMs what the batch is expected to take; 0 when nothing is known */
  sent(lane: Lane, runMs: number): void {
    const held = this.lanes.get(lane);
    if (held) held.runs.push(runMs);
    else this.lanes.set(lane, { runs: [runMs], startedAt: this.now() });
  }

  /** The lane's oldest batch ended, well or not; the next one, if it holds any, begins now. */
  ended(lane: Lane): void {
    const held = this.lanes.get(lane);
    held?.runs.shift();
    if (!held?.runs.length) this.lanes.delete(lane);
    else held.startedAt = this.now();
  }

  /** Expected length of the run under way, milliseconds; 0 for an idle lane or an unknown speed. */
  runMs(lane: Lane): number {
    return this.lanes.get(lane)?.runs[0] ?? 0;
  }

  /** Milliseconds until the lane is expected to be idle; 0 when it is, or is late. */
  remainingMs(lane: Lane): number {
    const held = this.lanes.get(lane);
    if (!held) return 0;
    const total = held.runs.reduce((sum, ms) => sum + ms, 0);
    return Math.max(0, held.startedAt + total - this.now());
  }

  isNearEnd(lane: Lane): boolean {
    return this.remainingMs(lane) <= LEAD_MS;
  }

  /** Whether its run is shorter than the lead, so that it is near its end from the start. */
  isAlwaysNearEnd(lane: Lane): boolean {
    return this.runMs(lane) <= LEAD_MS;
  }

  /** Has `onNearEnd` told when it is time, unless a lane is being watched already. */
  watch(lane: Lane): void {
    if (this.timer || this.isNearEnd(lane)) return;
    this.timer = setTimeout(
      () => {
        this.timer = null;
        this.onNearEnd();
      },
      this.remainingMs(lane) - LEAD_MS,
    ).unref();
  }
}
