import { extname } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../models/options.js';

export interface BatchOptions {
  readonly input: string;
  readonly output: string;
  /** Of the service, without a trailing slash. */
  readonly url: string;
  readonly key: string | undefined;
  readonly keyFile: string | undefined;
  /** `name` or `name@version`; the service's assertion model by default. */
  readonly model: string | undefined;
  readonly format: 'jsonl' | 'csv';
  readonly options: Readonly<Record<string, unknown>>;
  /** How long the service may be away, ms. */
  readonly patienceMs: number;
  readonly restart: boolean;
}

export const USAGE = `npm run batch -- <input> <output>

Sends a file of inputs (JSONL or CSV) to the service, follows the job, and writes its results.
Run again with the same files, it goes on where it was stopped, and retries a job that failed.

  --url <url>           of the service; default: http://127.0.0.1:8000
  --key <key>           API key; it is seen in the list of processes: prefer
  --key-file <file>     a file that holds it
  --model <name>[@<version>]
                        default: the service's first model of the assertion task
  --format <format>     jsonl | csv; default: by the output's name, else jsonl
  --probabilities       also the probability of every label
  --truncate            cut texts that are too long instead of refusing them
  --patience <minutes>  how long the service may be away; default: 30
  --restart             forget an earlier run with this output, and begin anew

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 done but single items failed, 130 interrupted.`;

const OPTIONS = {
  url: { type: 'string' },
  key: { type: 'string' },
  'key-file': { type: 'string' },
  model: { type: 'string' },
  format: { type: 'string' },
  probabilities: { type: 'boolean' },
  truncate: { type: 'boolean' },
  patience: { type: 'string' },
  restart: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @returns null when help is asked for @throws UsageError saying what is wrong */
export function parseOptions(args: readonly string[]): BatchOptions | null {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const [input, output, extra] = positionals;
  if (input === undefined || output === undefined) {
    throw new UsageError('name the file of inputs and the file for the results');
  }
  if (extra !== undefined) throw new UsageError(`what is ${extra} for?`);
  if (input === output) throw new UsageError('input and output are the same file');
  if (values.key !== undefined && values['key-file'] !== undefined) {
    throw new UsageError('--key and --key-file are both given');
  }
  return {
    input,
    output,
    url: urlOf(values.url ?? 'http://127.0.0.1:8000'),
    key: values.key,
    keyFile: values['key-file'],
    model: values.model,
    format: formatOf(values.format, output),
    options: {
      ...(values.probabilities && { return_probabilities: true }),
      ...(values.truncate && { truncate: true }),
    },
    patienceMs: minutesOf(values.patience ?? '30') * 60_000,
    restart: values.restart ?? false,
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function urlOf(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new UsageError('--url must be an http or https URL');
  }
  return text.replace(/\/+$/, '');
}

function formatOf(given: string | undefined, output: string): 'jsonl' | 'csv' {
  if (given === undefined) return extname(output).toLowerCase() === '.csv' ? 'csv' : 'jsonl';
  if (given === 'jsonl' || given === 'csv') return given;
  throw new UsageError('--format must be jsonl or csv');
}

function minutesOf(text: string): number {
  const minutes = Number(text);
  if (Number.isFinite(minutes) && minutes >= 0 && minutes <= 100_000) return minutes;
  throw new UsageError('--patience must be a number of minutes');
}
