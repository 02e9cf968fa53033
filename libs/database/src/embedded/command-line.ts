import { existsSync } from 'node:fs';
import type { ServerUser } from './server-user.js';

/** How a program is started as the server's user, and whether it ends with this process. */
export interface CommandLine {
  readonly file: string;
  readonly args: readonly string[];
  /** For spawn, where the command line itself does not change the user. */
  readonly identity: { readonly uid?: number; readonly gid?: number };
  /** Whether file descriptor 3 must be a pipe that nobody else holds open. */
  readonly guarded: boolean;
}

export type Tie =
  | 'none'
  /** The kernel tells the server when its parent is gone (Linux, with setpriv). */
  | 'signal'
  /** A shell waits for the parent's pipe to close, and tells the server. */
  | 'guard';

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((file) => existsSync(file));

/** The best way there is here of not leaving a server behind. */
export const BEST_TIE: Tie = process.platform === 'linux' && SETPRIV ? 'signal' : 'guard';

/**
 * Runs "$@" as a child. When descriptor 3 closes, or this shell is told to
 * end, the child gets SIGINT: Postgres's fast shutdown.
 */
const GUARD = `
"$@" 3<&- &
server=$!
{ read -r line <&3; kill -INT $server; } >/dev/null 2>&1 &
watch=$!
exec 3<&-
trap 'kill -INT $server' INT TERM
trap 'kill -QUIT $server' QUIT
while :; do
  wait $server
  status=$?
  kill -0 $server 2>/dev/null || break
done
kill $watch 2>/dev/null
exit $status
`;

export function commandLine(
  user: ServerUser | null,
  command: readonly [string, ...string[]],
  tie: Tie = 'none',
): CommandLine {
  const identity = user && !SETPRIV ? { uid: user.uid, gid: user.gid } : {};
  const options = SETPRIV
    ? [...(tie === 'signal' ? ['--pdeathsig', 'INT'] : []), ...identityOptions(user)]
    : [];
  const inner: readonly string[] =
    SETPRIV && options.length > 0 ? [SETPRIV, ...options, ...command] : command;
  const [file = '', ...args] =
    tie === 'guard' ? ['/bin/sh', '-c', GUARD, 'guard', ...inner] : inner;
  return { file, args, identity, guarded: tie === 'guard' };
}

function identityOptions(user: ServerUser | null): string[] {
  if (!user) return [];
  const { uid, gid, mayTraverse } = user;
  const leave = mayTraverse
    ? ['--inh-caps', '+dac_read_search', '--ambient-caps', '+dac_read_search']
    : [];
  return ['--reuid', String(uid), '--regid', String(gid), '--clear-groups', ...leave];
}
