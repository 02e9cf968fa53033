import { parseArgs } from 'node:util';
import { AUDIT_RESULTS, EXPORT_FORMATS, type AuditFilter, type ExportFormat } from '@app/audit';
import { UsageError } from '../models/options.js';

export type Command =
  | { readonly command: 'help' | 'verify' }
  | {
      readonly command: 'export';
      readonly filter: AuditFilter;
      readonly format: ExportFormat;
      /** Undefined: to standard output. */
      readonly file: string | undefined;
    };

export const USAGE = `npm run audit -- <command>

  verify                compare every row of the audit log with its MAC and with the checkpoints
  export                write entries, the oldest first
      --format <format> ${EXPORT_FORMATS.join(' | ')}; default: jsonl
      --out <file>      a new file; default: standard output
      --from <time>     such as 2026-01-31 or 2026-01-31T08:00:00Z, inclusive
      --to <time>       exclusive
      --tenant <id>
      --actor <id>
      --action <name>   such as patient.read, or patient.* for all that begin so
      --object <kind>[:<id>]
      --patient <id>    entries about this patient
      --result <result> ${AUDIT_RESULTS.join(' | ')}
      --request <id>

Exit codes: 0 done and sound, 1 tampered with, refused or failed, 2 wrong usage.`;

const OPTIONS = {
  format: { type: 'string' },
  out: { type: 'string' },
  from: { type: 'string' },
  to: { type: 'string' },
  tenant: { type: 'string' },
  actor: { type: 'string' },
  action: { type: 'string' },
  object: { type: 'string' },
  patient: { type: 'string' },
  result: { type: 'string' },
  request: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

/** @throws UsageError saying what is wrong */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  if (values.help) return { command: 'help' };
  const [command, extra] = positionals;
  if (extra !== undefined) throw new UsageError(`what is ${extra} for?`);
  if (command === 'verify') {
    const [foreign] = Object.keys(values);
    if (foreign !== undefined) throw new UsageError(`--${foreign} does not go with this command`);
    return { command };
  }
  if (command !== 'export') {
    throw new UsageError(
      command === undefined ? 'name a command' : `there is no command ${command}`,
    );
  }
  const colon = values.object?.indexOf(':') ?? -1;
  return {
    command,
    format: oneOf('--format', values.format ?? 'jsonl', EXPORT_FORMATS),
    file: values.out,
    filter: {
      from: time('--from', values.from),
      to: time('--to', values.to),
      tenantId: values.tenant,
      actorId: values.actor,
      action: values.action,
      objectKind: colon < 0 ? values.object : values.object?.slice(0, colon),
      objectId: colon < 0 ? undefined : values.object?.slice(colon + 1),
      patientId: values.patient,
      result:
        values.result === undefined ? undefined : oneOf('--result', values.result, AUDIT_RESULTS),
      requestId: values.request,
    },
  };
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function time(option: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const date = new Date(text);
  // Without a zone, a time of day would mean something else on each machine.
  if (/^\d{4}-\d\d-\d\d(T.*(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(date.getTime())) {
    return date;
  }
  throw new UsageError(`${option} must be a day or a time with its zone: 2026-01-31T08:00:00Z`);
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} must be one of ${allowed.join(', ')}`);
}
