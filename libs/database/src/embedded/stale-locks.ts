import { link, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { SOCKET_PORT, type ServerFolder } from './server-folder.js';

/**
 * Removes what a dead server left behind, to be called when no living process
 * works in the cluster's folder and yet Postgres refused to start: its process
 * id has been given to somebody else, as after a container's restart.
 *
 * @returns the process id it named, null when another server has come since
 */
export async function removeStaleLocks(folder: ServerFolder): Promise<number | null> {
  const lock = path.join(folder.data, 'postmaster.pid');
  const before = await readFile(lock, 'utf8').catch(() => null);
  if (before !== null) {
    // Moved before it is removed, so that what is removed is what has been read.
    const aside = `${lock}.${process.pid}`;
    await rename(lock, aside).catch(() => undefined);
    const moved = await readFile(aside, 'utf8').catch(() => null);
    if (moved !== before) {
      if (moved !== null) await link(aside, lock).catch(() => undefined);
      await rm(aside, { force: true });
      return null;
    }
    await rm(aside, { force: true });
  }
  const socket = path.join(folder.sockets, `.s.PGSQL.${SOCKET_PORT}`);
  await rm(`${socket}.lock`, { force: true });
  await rm(socket, { force: true });
  return parseInt(before ?? '', 10);
}
