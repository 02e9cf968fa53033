import { chown, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { SetupError } from '@app/common';
import { commandLine } from './command-line.js';
import { isAlive } from './process-table.js';
import { runProgram } from './run-program.js';
import type { ServerBinaries } from './server-binaries.js';
import type { ServerFolder } from './server-folder.js';

/** Nothing takes that long; its maker's process id belongs to somebody else by now. */
const ABANDONED_MS = 600_000;

/**
 * Makes an empty cluster. It is made aside and moved into place when it is
 * complete, so that a process killed meanwhile leaves nothing half made, and of
 * two that make one at the same time the first wins.
 *
 * @returns whether the cluster now in place is the one made here
 */
export async function initCluster(
  folder: ServerFolder,
  binaries: ServerBinaries,
): Promise<boolean> {
  await removeAbandoned(folder.root);
  const aside = path.join(folder.root, `init-${process.pid}-${Date.now()}`);
  await mkdir(aside, { mode: 0o700 });
  const { user } = binaries;
  if (user) await chown(aside, user.uid, user.gid);
  const settings = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C'];
  // One call writes it all out, instead of one for each of a thousand files.
  if (process.platform === 'linux') settings.push('--sync-method=syncfs');
  const line = commandLine(user, [binaries.initdb, '-D', aside, '--wal-segsize=4', ...settings]);
  const { code, output } = await runProgram(line.file, line.args, {
    ...line.identity,
    cwd: folder.root,
  });
  if (code !== 0) {
    await rm(aside, { recursive: true, force: true });
    throw initFailed(output);
  }
  try {
    await rename(aside, folder.data);
  } catch {
    await rm(aside, { recursive: true, force: true });
    return false;
  }
  // What is committed in it must not outlive its name.
  const directory = await open(folder.root);
  await directory.sync().finally(() => directory.close());
  return true;
}

async function removeAbandoned(root: string): Promise<void> {
  for (const name of await readdir(root)) {
    const pid = /^init-(\d+)-/.exec(name)?.[1];
    if (pid === undefined) continue;
    const place = path.join(root, name);
    const made = await stat(place).catch(() => null);
    if (made === null) continue;
    const inUse = Number(pid) !== process.pid && (await isAlive(Number(pid)));
    if (inUse && Date.now() - made.mtimeMs < ABANDONED_MS) continue;
    await rm(place, { recursive: true, force: true });
  }
}

function initFailed(output: string): SetupError {
  if (output.includes('could not look up effective user ID')) {
    return new SetupError(
      `The built-in database needs a named user, and user id ${String(process.getuid?.())} has no ` +
        'entry in /etc/passwd. Run as a user that has one, or set DATABASE_URL to a database.',
    );
  }
  return new SetupError(
    `The built-in database could not be set up: ${output.trim().split('\n').slice(-3).join(' ')}. ` +
      'Check DATA_DIR, or set DATABASE_URL to a database.',
  );
}
