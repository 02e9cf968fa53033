import { statfs } from 'node:fs/promises';
import { freemem, totalmem } from 'node:os';
import type { Probe, ProbeResult } from '@app/common';

const DEGRADED_AT = 0.8;
const UNHEALTHY_AT = 0.9;

/** Memory of the machine, or of the container when it has a limit. */
export class MemoryProbe implements Probe {
  readonly name = 'memory';
  readonly critical = false;

  check(): ProbeResult {
    const limit = process.constrainedMemory();
    const total = limit > 0 && limit < totalmem() ? limit : totalmem();
    return byShareUsed(1 - Math.min(total, freemem()) / total, total);
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
