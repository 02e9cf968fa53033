import { SetupError } from '@app/common';
import { loadConfig } from '@app/config';
import { bundledModels } from '../../apps/api/src/installation.js';
import { addModel } from './add-model.js';
import { checkModels } from './check-models.js';
import { DONE, FAILED, WRONG_USAGE, type ExitCode, type Output } from './console.js';
import { evaluateModel } from './evaluate/evaluate-model.js';
import { listModels } from './list-models.js';
import { parseCommand, USAGE, UsageError } from './options.js';
import { removeVersions } from './remove-versions.js';

/** The whole command line: parses it, runs the command, says what failed. */
export async function runModels(args: readonly string[], output: Output): Promise<ExitCode> {
  try {
    const command = parseCommand(args);
    if (command.command === 'help') {
      output.print(USAGE);
      return DONE;
    }
    const config = loadConfig();
    const places = { bundled: bundledModels(), own: config.models.ownDir };
    switch (command.command) {
      case 'add':
        return await addModel(command, places, config.inference, output);
      case 'list':
        return await listModels(places, config.models.serve, output);
      case 'check':
        return await checkModels(command.model, places, config.inference, output);
      case 'evaluate':
        return await evaluateModel(command, places, config.inference, output);
      case 'remove':
        return await removeVersions(command, places, output);
    }
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
