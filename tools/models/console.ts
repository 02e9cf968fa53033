/** Where a command writes, so that it can be run by a test as by a person. */
export interface Output {
  print(text: string): void;
  printError(text: string): void;
}

export const DONE = 0;
export const FAILED = 1;
export const WRONG_USAGE = 2;
export type ExitCode = typeof DONE | typeof FAILED | typeof WRONG_USAGE;
