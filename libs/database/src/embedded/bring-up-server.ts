import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '@app/common';
import type { DatabaseLog } from '../database-log.js';
import { askServer } from './ask-server.js';
import { initCluster } from './init-cluster.js';
import { launchServer, type LaunchOptions } from './launch-server.js';
import { processesIn } from './process-table.js';
import type { ServerBinaries } from './server-binaries.js';
import { clusterVersion, logTail, type ServerFolder } from './server-folder.js';
import { removeStaleLocks } from './stale-locks.js';

export interface RunningServer {
  readonly how: 'created' | 'started' | 'attached';
  /** Null when another process of this machine started it. */
  readonly child: ChildProcess | null;
}

/** Longer than any recovery of a database of this size. */
const READY_MS = 120_000;
const LAUNCHES = 5;

/**
 * Returns once a server answers for the folder: one that runs already, or one
 * started here, in a cluster that is made first where there is none. Any number
 * of processes may do this at once, at any point of another server's life.
 *
 * @throws SetupError when that is impossible, with the reason
 */
export async function bringUpServer(
  folder: ServerFolder,
  binaries: ServerBinaries,
  options: LaunchOptions,
  log: DatabaseLog,
): Promise<RunningServer> {
  const until = performance.now() + READY_MS;
  let created = false;
  let launches = 0;
  let child: ChildProcess | null = null;

  while (performance.now() < until) {
    const state = await askServer(folder);
    if (state === 'ready') return { how: describe(child, created), child };
    if (state === 'busy' || child !== null) {
      await sleep(25);
      child = stillRunning(child);
      continue;
    }
    const version = await clusterVersion(folder);
    if (version === null) {
      created = await initCluster(folder, binaries);
      continue;
    }
    refuseOtherVersion(folder, version, binaries.major);
    const inside = await processesIn(folder.data);
    if (inside !== null && inside.length > 0) {
      // Somebody else starts it, or the last processes of a killed one are ending.
      await sleep(50);
      continue;
    }
    if (launches === LAUNCHES) break;
    if (launches > 0 && inside !== null) {
      const pid = await removeStaleLocks(folder);
      if (pid !== null)
        log.warn({ server: pid }, 'removed the lock files of a dead database server');
    }
    launches++;
    child = launchServer(folder, binaries, options);
    await started(child);
  }
  throw new SetupError(
    `The built-in database in ${folder.root} did not start. Its log ends with:\n` +
      `${await logTail(folder)}\nPut that right, or set DATABASE_URL to a database.`,
  );
}

/** A program that cannot be started says so at once; not listening for it would end this process. */
async function started(child: ChildProcess): Promise<void> {
  try {
    await once(child, 'spawn');
  } catch (error) {
    throw new SetupError(
      `The built-in database could not be started: ${(error as Error).message}. ` +
        'Set DATABASE_URL to a database.',
      { cause: error },
    );
  }
  child.on('error', () => undefined);
}

function stillRunning(child: ChildProcess | null): ChildProcess | null {
  return child?.exitCode === null && child.signalCode === null ? child : null;
}

function describe(child: ChildProcess | null, created: boolean): RunningServer['how'] {
  // Of two that start at once, the one whose server gave way has attached to the other's.
  if (stillRunning(child) === null) return 'attached';
  return created ? 'created' : 'started';
}

function refuseOtherVersion(folder: ServerFolder, version: string, major: string): void {
  if (version === major) return;
  throw new SetupError(
    `The database in ${folder.data} was made by Postgres ${version}; the built-in one is ${major} ` +
      'and cannot read it. Dump it with the old release and load it with this one, ' +
      'choose another DATA_DIR, or set DATABASE_URL to a database.',
  );
}
