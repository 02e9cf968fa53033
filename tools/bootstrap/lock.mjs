import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const HEARTBEAT_MS = 2_000;
/** A lock whose holder has not touched it for so long is left over from a crash. */
const STALE_MS = 20_000;

/**
 * Runs `work` while no other process holds the lock file; `needed` is asked
 * again once the lock is ours, since its last holder may have done the work.
 */
export async function withLock(file, needed, work) {
  await acquire(file);
  const release = () => rmSync(file, { force: true });
  const heartbeat = setInterval(() => {
    const now = new Date();
    utimes(file, now, now).catch(() => {});
  }, HEARTBEAT_MS);
  process.once('exit', release);
  try {
    if (await needed()) await work();
  } finally {
    clearInterval(heartbeat);
    process.off('exit', release);
    release();
  }
}

async function acquire(file) {
  let told = false;
  for (;;) {
    try {
      await writeFile(file, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if (error.code !== 'EEXIST') throw error;
    }
    if (await isStale(file)) {
      await rm(file, { force: true });
      continue;
    }
    if (!told) process.stderr.write('Waiting for another start to finish its preparation …\n');
    told = true;
    await sleep(200);
  }
}

async function isStale(file) {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > STALE_MS) return true;
    const pid = Number(await readFile(file, 'utf8'));
    return pid === process.pid || (pid > 0 && !isAlive(pid));
  } catch (error) {
    if (error.code === 'ENOENT') return false;
    throw error;
  }
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
