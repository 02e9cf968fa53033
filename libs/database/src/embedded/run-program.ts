import { spawn, type SpawnOptionsWithoutStdio } from 'node:child_process';

export interface ProgramEnd {
  /** Null when it could not be started or was ended by a signal. */
  readonly code: number | null;
  /** Both streams; why it could not be started if so. */
  readonly output: string;
}

/**
 * All that Postgres's programs see of the environment: PG* variables would
 * change what they do, and a locale what they say.
 */
export const PROGRAM_ENVIRONMENT = { LC_ALL: 'C', PATH: '/usr/local/bin:/usr/bin:/bin' };

/** Runs a program to its end. Never rejects. */
export function runProgram(
  file: string,
  args: readonly string[],
  options: SpawnOptionsWithoutStdio = {},
): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(file, args, { ...options, env: PROGRAM_ENVIRONMENT, stdio: 'pipe' });
    child.stdin.end();
    let output = '';
    child.stdout.on('data', (data: Buffer) => (output += data.toString()));
    child.stderr.on('data', (data: Buffer) => (output += data.toString()));
    child.on('error', (error) => resolve({ code: null, output: error.message }));
    child.on('close', (code) => resolve({ code, output }));
  });
}
