import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidField } from '@app/common';
import { toTime } from '../query-time.js';

interface CountRule {
  readonly name: string;
  readonly most: number;
  readonly usual: number;
  readonly description: string;
}

/** As far back as predictions are kept by default. */
const HOURS: CountRule = {
  name: 'hours',
  most: 2_160,
  usual: 24,
  description: 'How far to look back.',
};
const DAYS: CountRule = {
  name: 'days',
  most: 365,
  usual: 7,
  description: 'How many days of UTC to tell of, today included.',
};

/** Hands a route its `?hours=`. */
export const Hours: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): number => toCount(queryOf(host), HOURS),
);

/** Hands a route its `?days=`. */
export const Days: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): number => toCount(queryOf(host), DAYS),
);

/** Documents the parameter that `@Hours()` reads. */
export function ApiHours(): MethodDecorator {
  return apiCount(HOURS);
}

/** Documents the parameter that `@Days()` reads. */
export function ApiDays(): MethodDecorator {
  return apiCount(DAYS);
}

/** Which predictions of a model are asked for. */
export interface PredictionsQuery {
  readonly label?: string;
  readonly version?: string;
  readonly from?: Date;
  readonly to?: Date;
  readonly includeText: boolean;
}

/** Hands a route its `?label=`, `?version=`, `?from=`, `?to=` and `?include_text=`. */
export const PredictionsFilter: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): PredictionsQuery => toPredictionsQuery(queryOf(host)),
);

/** Documents the parameters that `@PredictionsFilter()` reads. */
export function ApiPredictionsFilter(): MethodDecorator {
  const word = { type: 'string', minLength: 1, maxLength: LONGEST_WORD } as const;
  const time = { type: 'string', format: 'date-time' } as const;
  return applyDecorators(
    ApiQuery({ name: 'label', required: false, schema: word }),
    ApiQuery({ name: 'version', required: false, schema: word }),
    ApiQuery({ name: 'from', required: false, schema: time, description: 'Inclusive.' }),
    ApiQuery({ name: 'to', required: false, schema: time, description: 'Exclusive.' }),
    ApiQuery({
      name: 'include_text',
      required: false,
      schema: { type: 'boolean', default: false },
      description:
        'Also the texts of the own tenant’s predictions, as far as they are stored. Needs the permission phi:read and a reason in X-Access-Reason.',
    }),
  );
}

type Query = Readonly<Record<string, unknown>>;

const LONGEST_WORD = 128;

export function toPredictionsQuery(query: Query): PredictionsQuery {
  const from = toTime(query['from'], 'from');
  const to = toTime(query['to'], 'to');
  if (from !== undefined && to !== undefined && from >= to) {
    throw invalidField('to', 'not_after_from', 'to must be later than from.');
  }
  return {
    label: toWord(query, 'label'),
    version: toWord(query, 'version'),
    from,
    to,
    includeText: toFlag(query, 'include_text'),
  };
}

function queryOf(host: ExecutionContext): Query {
  return host.getArgByIndex<{ query: Query }>(0).query;
}

export function toCount(query: Query, { name, most, usual }: CountRule): number {
  const given = query[name];
  if (given === undefined) return usual;
  const count = typeof given === 'string' && /^\d{1,6}$/.test(given) ? Number(given) : 0;
  if (count >= 1 && count <= most) return count;
  throw invalidField(name, 'out_of_range', `${name} must be a whole number from 1 to ${most}.`);
}

function toWord(query: Query, name: string): string | undefined {
  const given = query[name];
  if (given === undefined) return undefined;
  // Postgres has no text with a NUL in it.
  if (typeof given === 'string' && given !== '' && given.length <= LONGEST_WORD) {
    if (!given.includes('\0')) return given;
  }
  throw invalidField(
    name,
    'malformed',
    `${name} must be given once, with 1 to ${LONGEST_WORD} characters.`,
  );
}

function toFlag(query: Query, name: string): boolean {
  const given = query[name];
  if (given === undefined || given === 'false') return false;
  if (given === 'true') return true;
  throw invalidField(name, 'malformed', `${name} must be true or false.`);
}

function apiCount({ name, most, usual, description }: CountRule): MethodDecorator {
  const schema = { type: 'integer', minimum: 1, maximum: most, default: usual } as const;
  return ApiQuery({ name, required: false, schema, description });
}
