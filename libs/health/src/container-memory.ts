import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Bytes that this process's control group holds, less the files that the kernel keeps in memory
 * only while nobody needs the room: else a container would look full soon after its start.
 * @param limit bytes that the group may hold
 */
export function containerMemoryInUse(limit: number, root = '/'): number {
  for (const [file, idleFiles] of accounts(root)) {
    const held = Number(read(file) ?? NaN);
    if (Number.isNaN(held)) continue;
    const stat = read(join(dirname(file), 'memory.stat')) ?? '';
    const idle = new RegExp(`^${idleFiles} (\\d+)$`, 'm').exec(stat)?.[1] ?? '0';
    return Math.max(0, held - Number(idle));
  }
  return Math.max(0, limit - process.availableMemory());
}

/** Where the kernel may say it, and what it calls such files there: version 2, then version 1. */
function accounts(root: string): [file: string, idleFiles: string][] {
  const top = join(root, 'sys/fs/cgroup');
  const own = /^0::(\/.*)$/m.exec(read(join(root, 'proc/self/cgroup')) ?? '')?.[1] ?? '/';
  return [
    [join(top, own, 'memory.current'), 'inactive_file'],
    [join(top, 'memory.current'), 'inactive_file'],
    [join(top, 'memory/memory.usage_in_bytes'), 'total_inactive_file'],
  ];
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
