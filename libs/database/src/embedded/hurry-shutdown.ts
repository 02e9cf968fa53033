import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { DatabaseLog } from '../database-log.js';
import type { ServerFolder } from './server-folder.js';

/** Of postmaster.pid, counted from 0: the server's process, and what it is doing. */
const PROCESS_LINE = 0;
const STATUS_LINE = 7;

const LOOK_EVERY_MS = 1_000;

/**
 * A server that gets SIGTERM from elsewhere takes no new connections and waits for the open ones
 * to end. This process's own never do, so it would be left without a database for good. After a
 * while it asks the server to end at once; the supervision then starts it again. That while is
 * long enough for a service whose processes were all told to end to finish what it does.
 *
 * To be called while a connection is open: what postmaster.pid names is then the server.
 * @returns what ends the looking
 */
export function hurryShutdown(
  folder: ServerFolder,
  patienceMs: number,
  log: DatabaseLog,
): () => void {
  let since: number | null = null;
  let ended = false;
  const look = async (): Promise<void> => {
    const pid = await stoppingServer(folder);
    if (ended) return;
    since = pid === null ? null : (since ?? performance.now());
    if (pid === null || since === null || performance.now() - since < patienceMs) return;
    log.warn(
      { server: pid },
      'the built-in database was told to shut down by another program; ending it',
    );
    try {
      process.kill(pid, 'SIGINT');
    } catch {
      // Gone in the meantime, or another user's, who then has to end it.
    }
  };
  const timer = setInterval(() => void look(), Math.min(LOOK_EVERY_MS, patienceMs));
  timer.unref();
  return () => {
    ended = true;
    clearInterval(timer);
  };
}

async function stoppingServer(folder: ServerFolder): Promise<number | null> {
  const text = await readFile(path.join(folder.data, 'postmaster.pid'), 'utf8').catch(() => '');
  const lines = text.split('\n');
  const pid = parseInt(lines[PROCESS_LINE] ?? '', 10);
  return lines[STATUS_LINE]?.trim() === 'stopping' && pid > 0 ? pid : null;
}
