import { spawn } from 'node:child_process';
import { chmod, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { ClientConfig } from 'pg';
import { embeddedConnection } from '../embedded/ask-server.js';
import { bringUpServer } from '../embedded/bring-up-server.js';
import { BEST_TIE } from '../embedded/command-line.js';
import { findBinaries } from '../embedded/server-binaries.js';
import { openServerFolder, prepareForUser } from '../embedded/server-folder.js';
import { serverUser } from '../embedded/server-user.js';
import { SILENT_LOG } from './silent-log.js';

/** Waits for the tests' process to end, then removes the folder once the server has let go of it. */
const REMOVE_AFTERWARDS = `
read -r line
tries=0
while [ -e "$1/postgres/data/postmaster.pid" ] && [ $tries -lt 50 ]; do
  sleep 0.2
  tries=$((tries + 1))
done
rm -rf "$1"
`;

let server: Promise<ClientConfig> | undefined;

/**
 * How to reach the server that all tests of this process share: started by the
 * first that asks, gone with the process. It forgets what a power failure would.
 */
export function testServer(): Promise<ClientConfig> {
  server ??= start();
  return server;
}

async function start(): Promise<ClientConfig> {
  // Test files of one worker are isolated from each other; the folder's name is how they meet.
  const dataDir = path.join('/tmp', `clinserve-tests-${process.pid}`);
  await mkdir(dataDir, { recursive: true });
  await chmod(dataDir, 0o755);
  const folder = await openServerFolder(dataDir);
  const user = await serverUser(folder.data);
  await prepareForUser(folder, user);
  const binaries = await findBinaries(folder, user);
  const launch = { maxConnections: 100, durable: false, tie: BEST_TIE };
  const { how } = await bringUpServer(folder, binaries, launch, SILENT_LOG);
  if (how !== 'attached') removeAfterwards(dataDir);
  return embeddedConnection(folder);
}

function removeAfterwards(dataDir: string): void {
  const child = spawn('/bin/sh', ['-c', REMOVE_AFTERWARDS, 'remove', dataDir], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  child.unref();
  (child.stdin as typeof child.stdin & { unref(): void }).unref();
}
