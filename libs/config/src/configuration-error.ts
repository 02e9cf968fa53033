import { SetupError } from '@app/common';

/** Why the service does not start: one line per variable, none of them with its value. */
export class ConfigurationError extends SetupError {
  constructor(
    /** `NAME: what is wrong and what to change`. */
    readonly problems: readonly string[],
  ) {
    super(`The configuration is refused:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.name = 'ConfigurationError';
  }
}
