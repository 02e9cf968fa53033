import { open } from 'node:fs/promises';
import { describeFinding } from '@app/audit';
import { SetupError } from '@app/common';
import { loadConfig } from '@app/config';
import { DONE, FAILED, WRONG_USAGE, type ExitCode, type Output } from '../models/console.js';
import { UsageError } from '../models/options.js';
import { recordAct, withState, type State } from './open-state.js';
import { parseCommand, USAGE, type Command } from './options.js';

/** The whole command line: parses it, runs the command, says what failed. */
export async function runAudit(args: readonly string[], output: Output): Promise<ExitCode> {
  try {
    const command = parseCommand(args);
    if (command.command === 'help') {
      output.print(USAGE);
      return DONE;
    }
    return await withState(loadConfig(), output, (state) =>
      command.command === 'export' ? exportLog(state, command, output) : verify(state, output),
    );
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

async function verify({ audit }: State, output: Output): Promise<ExitCode> {
  const { sound, rows, checkpoints, findingCount, unanchored } = await audit.verify((finding) =>
    output.printError(describeFinding(finding)),
  );
  output.print(`${rows} rows, ${checkpoints} checkpoints, ${findingCount} findings`);
  if (unanchored !== null) {
    output.print(
      `No checkpoint covers the last ${unanchored.rows} rows yet, written from ` +
        `${unanchored.from.toISOString()} to ${unanchored.to.toISOString()}: ` +
        'that some of them were cut off would not show.',
    );
  }
  output.print(sound ? 'The audit log is sound.' : 'The audit log was tampered with.');
  return sound ? DONE : FAILED;
}

async function exportLog(
  state: State,
  { filter, format, file }: Extract<Command, { command: 'export' }>,
  output: Output,
): Promise<ExitCode> {
  const lines = state.audit.export(filter, format);
  let entries = 0;
  if (file === undefined) {
    for await (const line of lines) output.print(line.trimEnd());
  } else {
    const out = await open(file, 'wx', 0o600).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      throw new SetupError(
        `${file} cannot be written (${code ?? ''}). Name a new file in a folder that exists.`,
      );
    });
    try {
      for await (const line of lines) {
        await out.write(line);
        entries++;
      }
    } finally {
      await out.close();
    }
    output.print(`Wrote ${format === 'csv' ? entries - 1 : entries} entries to ${file}`);
  }
  await recordAct(state, 'audit.export', { kind: 'audit_log' });
  return DONE;
}
