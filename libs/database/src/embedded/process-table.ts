import { readdir, readFile, readlink } from 'node:fs/promises';

/** Whether a process with this id lives; one that is dead but not yet waited for does not. */
export async function isAlive(pid: number): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  const status = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  // Without a process table the signal has to do.
  return status === null || !/^\d+ \(.*\) [ZX] /s.test(status);
}

/**
 * Living processes that work in this folder: Postgres and each of its
 * processes move there before they touch anything. Null where the system does
 * not tell.
 */
export async function processesIn(folder: string): Promise<number[] | null> {
  if (process.platform !== 'linux') return null;
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(
    pids.map(async (pid) => {
      const at = await readlink(`/proc/${pid}/cwd`).catch(() => null);
      return at === folder && (await isAlive(pid));
    }),
  );
  return pids.filter((_, index) => found[index]);
}
