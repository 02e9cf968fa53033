import { SetupError } from '@app/common';
import { loadConfig } from '@app/config';
import type { RotationProgress } from '@app/encryption';
import { recordAct, withState, type State } from '../audit/open-state.js';
import { DONE, FAILED, WRONG_USAGE, type ExitCode, type Output } from '../models/console.js';
import { UsageError } from '../models/options.js';
import { formatTable } from '../models/table.js';
import { ENCRYPTED_COLUMNS } from './encrypted-columns.js';
import { parseCommand, USAGE, type Command } from './options.js';

/** The whole command line: parses it, runs the command, says what failed. */
export async function runEncryption(args: readonly string[], output: Output): Promise<ExitCode> {
  try {
    const command = parseCommand(args);
    if (command.command === 'help') {
      output.print(USAGE);
      return DONE;
    }
    return await withState(loadConfig(), output, (state) => run(command, state, output));
  } catch (error) {
    if (error instanceof UsageError) {
      output.printError(`${error.message}\n\n${USAGE}`);
      return WRONG_USAGE;
    }
    if (!(error instanceof SetupError)) throw error;
    output.printError(error.message);
    return FAILED;
  }
}

function run(command: Command, state: State, output: Output): Promise<ExitCode> {
  switch (command.command) {
    case 'rotate':
      return rotate(state, output);
    case 'rewrap':
      return rewrap(state, command.newKey, output);
    default:
      return showStatus(state, output);
  }
}

async function showStatus({ encryption }: State, output: Output): Promise<ExitCode> {
  const { operatorKey, keys, columns } = await encryption.status(ENCRYPTED_COLUMNS);
  output.print(`Operator’s key: ${operatorKey}\n`);
  const rows = keys.map((key) => [
    String(key.version),
    key.state,
    key.wrappedBy,
    key.createdAt.toISOString(),
    String(key.encryptions),
    String(key.fields),
  ]);
  output.print(
    formatTable([['KEY', 'STATE', 'WRAPPED BY', 'CREATED', 'ENCRYPTIONS', 'FIELDS'], ...rows]),
  );
  for (const { table, column, fields } of columns) {
    const strange = fields.get(0) ?? 0;
    if (strange > 0) output.print(`${table}.${column}: ${strange} values are not encrypted`);
  }
  if (keys.some((key) => key.state === 'old')) {
    output.print('\nA rotation has not come to its end: run `npm run encryption -- rotate`.');
  }
  if (keys.some((key) => key.wrappedBy !== operatorKey)) {
    output.print('\nSome keys are wrapped by a former key: run `npm run encryption -- rewrap`.');
  }
  return DONE;
}

async function rotate(state: State, output: Output): Promise<ExitCode> {
  const { version, reencrypted, unreadable } = await state.encryption.rotate({
    columns: ENCRYPTED_COLUMNS,
    onProgress: progressPrinter(output),
  });
  const object = { kind: 'data_key', id: String(version) };
  for (const { table, column, rows } of unreadable) {
    output.printError(
      `${table}.${column}: ${rows} values open with no key; they were left as they are`,
    );
  }
  if (unreadable.length > 0) {
    await recordAct(state, 'encryption.rotate', object, 'failed');
    output.printError(
      'The old key stays in use. Restore these values from a backup, or set them to null, and rotate again.',
    );
    return FAILED;
  }
  await recordAct(state, 'encryption.rotate', object);
  output.print(
    `Done: ${reencrypted} fields were encrypted anew; key ${version} opens all of them.`,
  );
  return DONE;
}

async function rewrap(state: State, newKey: boolean, output: Output): Promise<ExitCode> {
  const { encryption, operatorKeys } = state;
  if (newKey) await operatorKeys.addNewKey();
  const { keyId, rewrapped } = await encryption.rewrap();
  await recordAct(state, 'encryption.rewrap', { kind: 'operator_key', id: keyId });
  // Last: what is stored needs none of them now.
  await operatorKeys.forgetFormerKeys();
  output.print(`Done: ${rewrapped} keys were wrapped anew; the operator’s key ${keyId} opens all.`);
  return DONE;
}

/** A line for each step, and one in a hundred of a long column. */
function progressPrinter(output: Output): (progress: RotationProgress) => void {
  let printed = '';
  return (progress) => {
    switch (progress.phase) {
      case 'key':
        output.print(
          progress.resumed
            ? `Going on with the rotation to key ${progress.version}`
            : `Made key ${progress.version}`,
        );
        break;
      case 'waiting':
        output.print(`Waiting ${progress.seconds} s until every instance uses it`);
        break;
      case 'column': {
        const { table, column, done, total } = progress;
        const line = `${table}.${column}: ${Math.floor((100 * done) / Math.max(total, 1))} %`;
        if (line !== printed) output.print(`${line} of ${total}`);
        printed = line;
      }
    }
  };
}
