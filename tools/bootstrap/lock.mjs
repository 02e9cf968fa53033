import { link, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
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
    const stale = await staleLock(file);
    if (stale !== null) {
      await remove(file, stale);
      continue;
    }
    if (!told) process.stderr.write('Waiting for another start to finish its preparation …\n');
    told = true;
    await sleep(200);
  }
}

/** When the lock was last touched if nobody holds it any more; else null. */
async function staleLock(file) {
  try {
    const { mtimeMs } = await stat(file);
    if (Date.now() - mtimeMs > STALE_MS) return mtimeMs;
    const pid = Number(await readFile(file, 'utf8'));
    return pid === process.pid || (pid > 0 && !isAlive(pid)) ? mtimeMs : null;
  } catch (error) {
    if (error.code === 'ENOENT') return null;
    throw error;
  }
}

/** Removes the lock unless another process has done so and holds a new one by now. */
async function remove(file, touched) {
  const aside = `${file}.${process.pid}`;
  try {
    await rename(file, aside);
    if ((await stat(aside)).mtimeMs !== touched) await link(aside, file);
  } catch (error) {
    if (error.code !== 'ENOENT' && error.code !== 'EEXIST') throw error;
  }
  await rm(aside, { force: true });
}

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === 'EPERM';
  }
}
