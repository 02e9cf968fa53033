import { readFile } from 'node:fs/promises';

/** `sysconf(_SC_CLK_TCK)`, which Linux fixes at 100 on every platform Node runs on. */
const TICKS_PER_SECOND = 100;

/**
 * Processor time of one process without its children, in microseconds; null
 * where there is no /proc. For the server that is all but the lanes.
 */
export async function processCpuMicros(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // The second field is the name in parentheses, which may hold spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const ticks = Number(fields[11]) + Number(fields[12]);
  return (ticks * 1e6) / TICKS_PER_SECOND;
}

/** Memory that one process holds, without its children; null where there is no /proc. */
export async function residentBytes(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => null);
  const kilobytes = status?.match(/^VmRSS:\s*(\d+) kB$/m)?.[1];
  return kilobytes === undefined ? null : Number(kilobytes) * 1024;
}
