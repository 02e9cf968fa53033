import { statSync } from 'node:fs';
import { SetupError } from '@app/common';
import { runProgram } from './run-program.js';

/** Whom the server runs as when this process is root, which Postgres refuses to be. */
export interface ServerUser {
  readonly uid: number;
  readonly gid: number;
  /**
   * Whether it needs leave to pass through folders that are closed to it, as
   * below /root. It can read others' files then, as this process can.
   */
  readonly mayTraverse: boolean;
}

/** The owner of a cluster that is there, else an account made for such things; null unless root. */
export async function serverUser(data: string): Promise<ServerUser | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = statSync(data, { throwIfNoEntry: false });
  if (owner !== undefined && owner.uid !== 0) {
    return { uid: owner.uid, gid: owner.gid, mayTraverse: false };
  }
  for (const name of ['postgres', 'nobody']) {
    const uid = await idOf('-u', name);
    const gid = await idOf('-g', name);
    if (uid !== null && gid !== null) return { uid, gid, mayTraverse: false };
  }
  throw new SetupError(
    'The built-in database does not run as root, and there is no user "postgres" or "nobody". ' +
      'Start as an ordinary user, or set DATABASE_URL to a database.',
  );
}

async function idOf(option: '-u' | '-g', name: string): Promise<number | null> {
  const { code, output } = await runProgram('id', [option, name]);
  return code === 0 ? Number(output.trim()) : null;
}
