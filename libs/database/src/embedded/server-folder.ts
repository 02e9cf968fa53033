import { createHash } from 'node:crypto';
import { chmod, chown, mkdir, open, readFile, realpath, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { SetupError } from '@app/common';
import type { ServerUser } from './server-user.js';

/** The places of one embedded server. */
export interface ServerFolder {
  readonly root: string;
  /** The cluster; there only once it is complete. */
  readonly data: string;
  /** Holds the socket. Only the server's user and root may enter it. */
  readonly sockets: string;
  readonly log: string;
}

/** Postgres names the socket by the port, and that is all it does with it. */
export const SOCKET_PORT = 5432;

/** A socket's path may have 107 bytes on Linux and 103 on macOS. */
const MAX_SOCKET_PATH = 100;

/** Older lines are of no use: nothing but starts, ends and crashes is written. */
const MAX_LOG_BYTES = 4 * 1024 * 1024;

/** Makes the folder below `dataDir` where it is missing. */
export async function openServerFolder(dataDir: string): Promise<ServerFolder> {
  const wanted = path.resolve(dataDir, 'postgres');
  await mkdir(wanted, { recursive: true });
  const root = await realpath(wanted);
  const data = path.join(root, 'data');
  const log = path.join(root, 'postgres.log');
  if (((await sizeOf(log)) ?? 0) > MAX_LOG_BYTES) await rename(log, `${log}.1`);
  return { root, data, sockets: socketFolder(root), log };
}

/** The sockets' folder itself, or under a long path one in /tmp with a name that follows from it. */
function socketFolder(root: string): string {
  const beside = path.join(root, 'run');
  const socket = path.join(beside, `.s.PGSQL.${SOCKET_PORT}`);
  if (Buffer.byteLength(socket) <= MAX_SOCKET_PATH) return beside;
  // Not os.tmpdir(): processes of one folder must agree, whatever their TMPDIR.
  const digest = createHash('sha256').update(root).digest('hex').slice(0, 16);
  return path.join('/tmp', `clinserve-${digest}`);
}

/** Hands the folder to the user the server will run as. */
export async function prepareForUser(folder: ServerFolder, user: ServerUser | null): Promise<void> {
  try {
    if (user) await chown(folder.root, user.uid, user.gid);
    await mkdir(folder.sockets, { recursive: true, mode: 0o700 });
    if (user) await chown(folder.sockets, user.uid, user.gid);
    await chmod(folder.sockets, 0o700);
    await (await open(folder.log, 'a', 0o600)).close();
  } catch (error) {
    throw notOurs(folder.root, error);
  }
}

/**
 * The major version of the cluster, null when there is none.
 * @throws SetupError when it belongs to another user
 */
export async function clusterVersion(folder: ServerFolder): Promise<string | null> {
  try {
    return (await readFile(path.join(folder.data, 'PG_VERSION'), 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw notOurs(folder.data, error);
  }
}

function notOurs(where: string, error: unknown): SetupError {
  const { code } = error as NodeJS.ErrnoException;
  return new SetupError(
    `The built-in database cannot use ${where} (${code ?? 'unknown error'}). ` +
      'If another user made it, start as that user, or give the folder to this one with chown -R; ' +
      'or set DATA_DIR to another folder, or DATABASE_URL to a database.',
    { cause: error },
  );
}

async function sizeOf(file: string): Promise<number | null> {
  return stat(file).then(
    ({ size }) => size,
    () => null,
  );
}

/** The end of the server's log, for an error message. */
export async function logTail(folder: ServerFolder): Promise<string> {
  const text = await readFile(folder.log, 'utf8').catch(() => '');
  return text.trimEnd().split('\n').slice(-5).join('\n');
}
