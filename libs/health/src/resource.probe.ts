import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { Probe, ProbeResult } from '@app/common';
import { containerMemoryInUse } from './container-memory.js';

const DEGRADED_AT = 0.8;
const UNHEALTHY_AT = 0.9;

/** Where the numbers come from, all in bytes. */
export interface MemoryReadings {
  readonly machine: () => number;
  readonly machineFree: () => number;
  /** What the container may hold; 0, or more than the machine has, without a limit. */
  readonly limit: () => number;
  /** What it holds of that. */
  readonly inUse: (limit: number) => number;
}

const REAL: MemoryReadings = {
  machine: totalmem,
  machineFree: freemem,
  limit: () => process.constrainedMemory(),
  inUse: (limit) => containerMemoryInUse(limit),
};

/** Memory of the machine, or of the container when it has a limit. */
export class MemoryProbe implements Probe {
  readonly name = 'memory';
  readonly critical = false;

  constructor(private readonly readings: MemoryReadings = REAL) {}

  check(): ProbeResult {
    const { readings } = this;
    const limit = readings.limit();
    const machine = readings.machine();
    // What is free on the machine says nothing of a container that may use a part of it.
    return limit > 0 && limit < machine
      ? byShareUsed(Math.min(1, readings.inUse(limit) / limit), limit)
      : byShareUsed(1 - Math.min(machine, readings.machineFree()) / machine, machine);
  }
}

/** The disk that holds DATA_DIR. */
export class DiskProbe implements Probe {
  readonly name = 'disk';
  readonly critical = false;

  constructor(private readonly path: string) {}

  async check(): Promise<ProbeResult> {
    const { blocks, bavail, bsize } = await statfs(this.path);
    return byShareUsed(1 - bavail / blocks, blocks * bsize);
  }
}

export function byShareUsed(used: number, totalBytes: number): ProbeResult {
  const status = used >= UNHEALTHY_AT ? 'unhealthy' : used >= DEGRADED_AT ? 'degraded' : 'healthy';
  const gibibytes = (totalBytes / 2 ** 30).toFixed(1);
  return { status, message: `${(100 * used).toFixed(0)} % of ${gibibytes} GiB in use` };
}
