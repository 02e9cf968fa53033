import { parseArgs } from 'node:util';
import { isId } from '@app/common';
import { DELIVERY_STATES, type DeliveryState } from '@app/deliveries';
import { JOB_STATUSES, type JobStatus } from '@app/jobs';
import { UsageError } from '../models/options.js';

/** What is listed. */
interface Choice {
  /** Undefined for all tenants. */
  readonly tenant: string | undefined;
  readonly limit: number;
}

export type Command =
  | { readonly command: 'help' }
  | ({ readonly command: 'list'; readonly status: JobStatus | undefined } & Choice)
  | ({ readonly command: 'deliveries'; readonly state: DeliveryState } & Choice)
  | { readonly command: 'show' | 'retry' | 'cancel'; readonly id: string }
  | {
      readonly command: 'purge';
      readonly which: { readonly id: string } | { readonly before: Date };
    }
  | { readonly command: 'resend'; readonly which: { readonly id: string } | 'all failed' };

const MOST_LISTED = 1_000;

export const USAGE = `npm run jobs -- <command>

  list                     jobs of all tenants, the newest first
      --status <status>    ${JOB_STATUSES.join(' | ')}
      --tenant <id>
      --limit <number>     1 to ${MOST_LISTED}; default: 50
  show <id>                one job: progress, error, times
  retry <id>               takes a failed job up again where it stopped
  cancel <id>              ends a job that waits or runs; its results so far stay
  purge <id>               erases input and results of a finished job
  purge --finished-before <time>
                           the same for all that finished before a time,
                           such as 2026-01-31 or 2026-01-31T08:00:00Z
  deliveries               webhooks and mails, the newest first
      --state <state>      ${DELIVERY_STATES.join(' | ')}; default: failed
      --tenant <id>
      --limit <number>
  resend <delivery id>     sends a webhook or a mail again, under its id
  resend --all-failed      the same for all that were given up

Works on the tables of the service, while it runs or not: workers take up what they find there.
Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`;

const OPTIONS = {
  status: { type: 'string' },
  state: { type: 'string' },
  tenant: { type: 'string' },
  limit: { type: 'string' },
  'finished-before': { type: 'string' },
  'all-failed': { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

const COMMANDS = {
  list: ['status', 'tenant', 'limit'],
  show: [],
  retry: [],
  cancel: [],
  purge: ['finished-before'],
  deliveries: ['state', 'tenant', 'limit'],
  resend: ['all-failed'],
} as const satisfies Readonly<Record<string, readonly (keyof typeof OPTIONS)[]>>;

type CommandName = keyof typeof COMMANDS;

/** @throws UsageError saying what is wrong */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { command: 'help' };
  const [name, id, extra] = positionals;
  const command = commandOf(name);
  const allowed: readonly string[] = COMMANDS[command];
  const foreign = Object.keys(values).find((option) => !allowed.includes(option));
  if (foreign !== undefined) throw new UsageError(`--${foreign} does not go with ${command}`);
  if (extra !== undefined) throw new UsageError(`what is ${extra} for?`);
  const choice = () => {
    if (id !== undefined) throw new UsageError(`what is ${id} for?`);
    return { tenant: values.tenant, limit: limitOf(values.limit) };
  };
  switch (command) {
    case 'list':
      return { command, ...choice(), status: oneOf('--status', values.status, JOB_STATUSES) };
    case 'deliveries': {
      const state = oneOf('--state', values.state, DELIVERY_STATES) ?? 'failed';
      return { command, ...choice(), state };
    }
    case 'purge': {
      const before = values['finished-before'];
      if (before === undefined) return { command, which: { id: idOf(command, id) } };
      if (id !== undefined) throw new UsageError('name a job or --finished-before, not both');
      return { command, which: { before: timeOf('--finished-before', before) } };
    }
    case 'resend':
      if (values['all-failed'] !== true) return { command, which: { id: idOf(command, id) } };
      if (id !== undefined) throw new UsageError('name a delivery or --all-failed, not both');
      return { command, which: 'all failed' };
    default:
      return { command, id: idOf(command, id) };
  }
}

function commandOf(name: string | undefined): CommandName {
  if (name === undefined) throw new UsageError('name a command');
  if (Object.hasOwn(COMMANDS, name)) return name as CommandName;
  throw new UsageError(`there is no command ${name}`);
}

function idOf(command: string, id: string | undefined): string {
  if (id === undefined) throw new UsageError(`${command} needs an id`);
  if (!isId(id)) throw new UsageError(`${id} is not an id: they are listed by list and deliveries`);
  return id.toLowerCase();
}

function limitOf(text = '50'): number {
  const limit = /^\d{1,4}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= MOST_LISTED) return limit;
  throw new UsageError(`--limit must be a whole number from 1 to ${MOST_LISTED}`);
}

function timeOf(option: string, text: string): Date {
  const date = new Date(text);
  // Without a zone, a time of day would mean something else on each machine.
  if (/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(date.getTime())) {
    return date;
  }
  throw new UsageError(`${option} must be a day or a time with its zone: 2026-01-31T08:00:00Z`);
}

function oneOf<T extends string>(
  option: string,
  value: string | undefined,
  allowed: readonly T[],
): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} must be one of ${allowed.join(', ')}`);
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
