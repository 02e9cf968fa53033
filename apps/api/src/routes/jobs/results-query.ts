import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidField } from '@app/common';
import type { EdgeRequest } from '../../http/adapter/exchange.js';

export const RESULT_FORMATS = ['json', 'jsonl', 'csv'] as const;

/** Which part of a job's results is asked for, and how. */
export interface ResultsQuery {
  readonly format: (typeof RESULT_FORMATS)[number];
  readonly fromItem: number;
  /** Null for all there are. */
  readonly limit: number | null;
  readonly gzip: boolean;
}

const USUAL_PAGE = 100;
const MOST_A_PAGE = 1_000;
const MOST_ITEMS = 1_000_000_000;

/** Hands a route its `?format=`, `?cursor=` and `?limit=`, and whether the caller reads gzip. */
export const ResultsWanted: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): ResultsQuery => {
    const { query, headers } = host.getArgByIndex<
      EdgeRequest & { readonly query: Record<string, unknown> }
    >(0);
    return toResultsQuery(query, headers['accept-encoding']);
  },
);

/** Documents what `@ResultsWanted()` reads. */
export function ApiResultsQuery(): MethodDecorator {
  return applyDecorators(
    ApiQuery({
      name: 'format',
      required: false,
      schema: { type: 'string', enum: [...RESULT_FORMATS], default: 'json' },
      description: '`json` answers a page; `jsonl` and `csv` stream everything.',
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: { type: 'string' },
      description:
        'The number of the item to begin with: `next_cursor` of the page before, or how many lines of a stream have arrived.',
    }),
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1 },
      description: 'Most items: up to 1,000 of a page (100 by default), any number of a stream.',
    }),
  );
}

export function toResultsQuery(
  query: Readonly<Record<string, unknown>>,
  acceptEncoding: string | string[] | undefined,
): ResultsQuery {
  const format = RESULT_FORMATS.find((name) => name === (query['format'] ?? 'json'));
  if (format === undefined) {
    throw invalidField('format', 'unknown', 'format must be json, jsonl or csv.');
  }
  const most = format === 'json' ? MOST_A_PAGE : MOST_ITEMS;
  return {
    format,
    fromItem: toNumber(query['cursor'], 'cursor', 0, MOST_ITEMS) ?? 0,
    limit: toNumber(query['limit'], 'limit', 1, most) ?? (format === 'json' ? USUAL_PAGE : null),
    gzip: format !== 'json' && readsGzip(String(acceptEncoding ?? '')),
  };
}

function toNumber(given: unknown, name: string, least: number, most: number): number | null {
  if (given === undefined) return null;
  const value = typeof given === 'string' && /^\d{1,10}$/.test(given) ? Number(given) : -1;
  if (value >= least && value <= most) return value;
  throw invalidField(
    name,
    'out_of_range',
    `${name} must be a whole number from ${least} to ${most}.`,
  );
}

function readsGzip(accepted: string): boolean {
  return accepted.split(',').some((part) => {
    const [coding = '', ...parameters] = part.trim().toLowerCase().split(';');
    const refused = parameters.some((parameter) => /^\s*q=0(\.0*)?\s*$/.test(parameter));
    return coding.trim() === 'gzip' && !refused;
  });
}
