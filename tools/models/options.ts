import { parseArgs } from 'node:util';
import {
  MODEL_STATUSES,
  PROVIDER_NAMES,
  TASK_NAMES,
  type ModelStatus,
  type ProviderName,
  type TaskName,
} from '@app/model-registry';

export type Command =
  | { readonly command: 'help' }
  | { readonly command: 'list' }
  | { readonly command: 'check'; readonly model?: string }
  | {
      readonly command: 'remove';
      readonly name: string;
      readonly version?: string;
      readonly root?: string;
    }
  | AddCommand
  | EvaluateCommand;

export interface AddCommand {
  readonly command: 'add';
  readonly folder: string;
  readonly name?: string;
  readonly version?: string;
  readonly task?: TaskName;
  readonly root?: string;
  readonly onnx?: string;
  readonly status?: ModelStatus;
  readonly description?: string;
  readonly providers?: readonly ProviderName[];
  readonly force: boolean;
}

export interface EvaluateCommand {
  readonly command: 'evaluate';
  /** `name` or `name@version`. */
  readonly model: string;
  /** Left out: the examples kept for the model. */
  readonly data?: string;
  readonly out?: string;
  readonly card: boolean;
}

export const USAGE = `npm run models -- <command>

  add <folder>             import a Hugging Face folder with an ONNX export, once it has passed a test
      --name <name>        lower-case letters, digits, hyphens; default: the folder's name
      --version <version>  such as 1.0.0 (default) or 1.1.0-beta.1
      --task <task>        ${TASK_NAMES.join(' | ')}; default: by its config.json
      --onnx <file>        which ONNX file, when there are several
      --status <status>    ${MODEL_STATUSES.join(' | ')}; default: stable
      --description <text> what it does, for those who choose a model
      --providers <list>   execution providers in order of preference, of ${PROVIDER_NAMES.join(',')}
      --root <folder>      where models lie; default: MODEL_CACHE_DIR, else DATA_DIR/models
      --force              replace a version that is there
  list                     the models found, bundled and own; of several for a task, the default answers
                           requests that name none: the first in MODELS, else the first stable one by name
  check [name[@version]]   verify checksums, open each model, run it, compare its golden answers
  evaluate <name[@version]>  measure a model on labelled texts: figures with intervals, calibration,
                           slices, wrong answers unless the set is frozen, behavioural suite,
                           latency, as Markdown
      --data <file.jsonl>  default: what lies in models/training/evaluation/<name>, dev.jsonl apart
      --out <folder>       also write evaluation.md, confusion.svg and reliability.svg there
      --card               also write it into the version's MODEL_CARD.md
  remove <name> [version]  delete a model, or one version of it; bundled ones stay
      --root <folder>      as above

Exit codes: 0 done, 1 refused or failed, 2 wrong usage.`;

/** The command line cannot be understood. */
export class UsageError extends Error {
  override name = 'UsageError';
}

/** @throws UsageError saying what is wrong */
export function parseCommand(args: readonly string[]): Command {
  const { values, positionals } = parsed(args);
  const [command, ...operands] = positionals;
  if (values.help) return { command: 'help' };
  switch (command) {
    case 'list':
      expect(operands, values, 0, 0, []);
      return { command };
    case 'check':
      expect(operands, values, 0, 1, []);
      return { command, model: operands[0] };
    case 'remove': {
      expect(operands, values, 1, 2, ['root']);
      const [name = '', version] = operands;
      return { command, name, version, root: values.root };
    }
    case 'evaluate': {
      expect(operands, values, 1, 1, ['data', 'out', 'card']);
      const { data, out, card } = values;
      return { command, model: operands[0] ?? '', data, out, card: card ?? false };
    }
    case 'add': {
      expect(operands, values, 1, 1, ADD_OPTIONS);
      const { name, version, root, onnx, description, force } = values;
      return {
        command,
        folder: operands[0] ?? '',
        name,
        version,
        root,
        onnx,
        description,
        force: force ?? false,
        task: values.task === undefined ? undefined : oneOf('--task', values.task, TASK_NAMES),
        status:
          values.status === undefined
            ? undefined
            : oneOf('--status', values.status, MODEL_STATUSES),
        providers: values.providers
          ?.split(',')
          .map((provider) => oneOf('--providers', provider.trim(), PROVIDER_NAMES)),
      };
    }
    default:
      throw new UsageError(
        command === undefined ? 'name a command' : `there is no command ${command}`,
      );
  }
}

const ADD_OPTIONS = [
  'name',
  'version',
  'task',
  'onnx',
  'status',
  'description',
  'providers',
  'root',
  'force',
];

const OPTIONS = {
  name: { type: 'string' },
  version: { type: 'string' },
  task: { type: 'string' },
  onnx: { type: 'string' },
  status: { type: 'string' },
  description: { type: 'string' },
  providers: { type: 'string' },
  root: { type: 'string' },
  force: { type: 'boolean' },
  data: { type: 'string' },
  out: { type: 'string' },
  card: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

function parsed(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], allowPositionals: true, options: OPTIONS });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function expect(
  operands: readonly string[],
  values: object,
  least: number,
  most: number,
  options: readonly string[],
): void {
  if (operands.length < least) throw new UsageError('an argument is missing');
  if (operands.length > most) throw new UsageError(`what is ${operands[most] ?? ''} for?`);
  const foreign = Object.keys(values).find((option) => !options.includes(option));
  if (foreign !== undefined) throw new UsageError(`--${foreign} does not go with this command`);
}

function oneOf<T extends string>(option: string, value: string, allowed: readonly T[]): T {
  const found = allowed.find((name) => name === value);
  if (found !== undefined) return found;
  throw new UsageError(`${option} must be one of ${allowed.join(', ')}`);
}
