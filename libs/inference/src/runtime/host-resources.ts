import { readFileSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import { dirname, join } from 'node:path';

export interface HostResources {
  /** Cores this process may run on. */
  readonly cores: number;
  /** Cores' worth of time its control group grants, or null for no limit. */
  readonly cpuQuota: number | null;
  /** What the machine has, or the control group grants if that is less. */
  readonly memoryBytes: number;
}

/** Node counts cores but not the quota of a container, under which more lanes only wait for each other. */
export function hostResources(root = '/'): HostResources {
  const limits = controlGroups(root).map((folder) => ({
    quota: cpuQuota(folder),
    memory: numberIn(join(folder, 'memory.max')),
  }));
  const quotas = limits.map(({ quota }) => quota).filter((quota) => quota !== null);
  const memories = limits.map(({ memory }) => memory).filter((memory) => memory !== null);
  quotas.push(...legacyQuota(root));
  memories.push(...legacyMemory(root));
  return {
    cores: availableParallelism(),
    cpuQuota: quotas.length === 0 ? null : Math.min(...quotas),
    memoryBytes: Math.min(totalmem(), ...memories),
  };
}

/** The folders of this process's control group (version 2) and of all above it: each may set a limit. */
function controlGroups(root: string): string[] {
  const top = join(root, 'sys/fs/cgroup');
  const own = /^0::(\/.*)$/m.exec(read(join(root, 'proc/self/cgroup')) ?? '')?.[1] ?? '/';
  const folders = [top];
  for (let path = own; path !== '/'; path = dirname(path)) folders.push(join(top, path));
  return folders;
}

/** `cpu.max` holds "max 100000" or "150000 100000": microseconds of each period. */
function cpuQuota(folder: string): number | null {
  const [granted, period] = (read(join(folder, 'cpu.max')) ?? 'max').trim().split(' ').map(Number);
  return quotaOf(granted, period);
}

function legacyQuota(root: string): number[] {
  const folder = join(root, 'sys/fs/cgroup/cpu');
  const quota = quotaOf(
    numberIn(join(folder, 'cpu.cfs_quota_us')) ?? undefined,
    numberIn(join(folder, 'cpu.cfs_period_us')) ?? undefined,
  );
  return quota === null ? [] : [quota];
}

/** Version 1 writes a number near 2^63 for "no limit", which the machine's memory is always below. */
function legacyMemory(root: string): number[] {
  const limit = numberIn(join(root, 'sys/fs/cgroup/memory/memory.limit_in_bytes'));
  return limit === null ? [] : [limit];
}

function quotaOf(granted: number | undefined, period: number | undefined): number | null {
  if (granted === undefined || period === undefined) return null;
  return granted > 0 && period > 0 ? granted / period : null;
}

function numberIn(path: string): number | null {
  const value = Number((read(path) ?? 'max').trim());
  return Number.isNaN(value) ? null : value;
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
