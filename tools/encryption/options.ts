import { parseArgs } from 'node:util';
import { UsageError } from '../models/options.js';

export type Command =
  | { readonly command: 'help' | 'status' | 'rotate' }
  | { readonly command: 'rewrap'; readonly newKey: boolean };

export const USAGE = `npm run encryption -- <command>

  status              the keys, what each has encrypted, and how many fields each still opens
  rotate              make a new data key and encrypt every field with it, while the service runs;
                      takes up a rotation that did not come to its end. Lasts a minute at least
  rewrap [--new-key]  wrap the stored keys with the operator's current key. After a change of
                      ENCRYPTION_KEY (new,old): rewrap, then restart every instance with the new
                      key alone. With --new-key, a new key is made in the key file

Keep a backup of the operator's key apart from that of the database: without it, no field can be read.

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`;

/** @throws UsageError saying what is wrong */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { command: 'help' };
  const [command, extra] = positionals;
  if (extra !== undefined) throw new UsageError(`what is ${extra} for?`);
  const newKey = values['new-key'] ?? false;
  if (command === 'rewrap') return { command, newKey };
  if (newKey) throw new UsageError('--new-key goes with rewrap only');
  if (command === 'status' || command === 'rotate') return { command };
  throw new UsageError(command === undefined ? 'name a command' : `there is no command ${command}`);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { 'new-key': { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
