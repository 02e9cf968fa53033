import { readFileSync } from 'node:fs';
import { VARIABLE_NAMES } from './environment.schema.js';
import type { VariableName } from './environment.schema.js';

/** The variables as text, those given as a secret file included. */
export type RawVariables = Partial<Record<VariableName, string>>;

/** Values of variables that other programs write in their own way. */
const ALIASES: Partial<Record<VariableName, Readonly<Record<string, string>>>> = {
  LOG_LEVEL: { warning: 'warn', critical: 'fatal' },
};
const CASE_FREE: ReadonlySet<VariableName> = new Set([
  'ENVIRONMENT',
  'LOG_LEVEL',
  'REQUIRE_API_KEY',
  'STORE_PREDICTION_TEXT',
  'MASK_ADDRESSES',
  'WEBHOOK_ALLOW_PRIVATE',
]);

/**
 * Picks the known variables out of `env`. An empty one counts as unset, as
 * compose files write `NAME=` for that. `NAME_FILE` names a file holding the value.
 */
export function readVariables(env: NodeJS.ProcessEnv, problems: string[]): RawVariables {
  const variables: RawVariables = {};
  for (const name of VARIABLE_NAMES) {
    const value = valueOf(name, env, problems);
    if (value !== undefined) variables[name] = normalise(name, value);
  }
  return variables;
}

function valueOf(
  name: VariableName,
  env: NodeJS.ProcessEnv,
  problems: string[],
): string | undefined {
  const direct = env[name]?.trim() || undefined;
  const file = env[`${name}_FILE`]?.trim() || undefined;
  if (file === undefined) return direct;
  if (direct !== undefined) {
    problems.push(`${name}: ${name}_FILE is set too; keep one of the two`);
    return undefined;
  }
  return readSecret(`${name}_FILE`, file, problems);
}

/** The text of a file named by an operator, without trailing line breaks. */
export function readSecret(variable: string, path: string, problems: string[]): string | undefined {
  try {
    const text = readFileSync(path, 'utf8').replace(/[\r\n]+$/, '');
    if (text !== '') return text;
    problems.push(`${variable}: the file is empty`);
  } catch (error) {
    const reason = (error as NodeJS.ErrnoException).code ?? 'unreadable';
    problems.push(`${variable}: the file cannot be read (${reason}); check path and permissions`);
  }
  return undefined;
}

function normalise(name: VariableName, value: string): string {
  if (!CASE_FREE.has(name)) return value;
  const lower = value.toLowerCase();
  return ALIASES[name]?.[lower] ?? lower;
}
