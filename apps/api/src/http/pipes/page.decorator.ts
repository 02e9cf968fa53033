import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidField, isId, type DomainError } from '@app/common';

/** Which part of a list is asked for. */
export interface PageRequest {
  readonly limit: number;
  /** Where the page before ended; null for the first. */
  readonly after: string | null;
}

const DEFAULT_LIMIT = 100;
const MOST = 1_000;
const BASE64_URL = /^[\w-]{1,1024}$/;

/** Hands a list route the page asked for by `?limit=` and `?cursor=`: `list(@Page() page)`. */
export const Page: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): PageRequest =>
    toPageRequest(host.getArgByIndex<{ query: Record<string, unknown> }>(0).query),
);

/** Documents the two parameters that `@Page()` reads. */
export function ApiPage(): MethodDecorator {
  return applyDecorators(
    ApiQuery({
      name: 'limit',
      required: false,
      schema: { type: 'integer', minimum: 1, maximum: MOST, default: DEFAULT_LIMIT },
    }),
    ApiQuery({
      name: 'cursor',
      required: false,
      schema: { type: 'string' },
      description: '`next_cursor` of the page before.',
    }),
  );
}

/** One page of a list, as every list route answers it. */
export interface PageOf<T> {
  readonly data: T[];
  /** For `?cursor=`; null on the last page. */
  readonly next_cursor: string | null;
  /** Of the whole list. */
  readonly total: number;
}

/** A page of rows in the order of their ids, of which the last leads on. */
export function toPage<Row extends { readonly id: string }, T>(
  rows: readonly Row[],
  { limit }: PageRequest,
  total: number,
  toItem: (row: Row) => T,
): PageOf<T> {
  const last = rows.length < limit ? undefined : rows.at(-1);
  return { data: rows.map(toItem), next_cursor: toCursor(last?.id ?? null), total };
}

/**
 * Where a list goes on that is in the order of its ids.
 * @param words ids of the list that have no id's form
 * @throws DomainError VALIDATION_ERROR for what no list of ids has answered
 */
export function afterId({ after }: PageRequest, ...words: readonly string[]): string | null {
  if (after === null || isId(after) || words.includes(after)) return after;
  throw malformedCursor();
}

/** The `next_cursor` that leads on from `after`. */
export function toCursor(after: string | null): string | null {
  return after === null ? null : Buffer.from(after).toString('base64url');
}

function toPageRequest({ limit, cursor }: Record<string, unknown>): PageRequest {
  return {
    limit: limit === undefined ? DEFAULT_LIMIT : toLimit(limit),
    after: cursor === undefined ? null : fromCursor(cursor),
  };
}

function toLimit(given: unknown): number {
  const limit = typeof given === 'string' && /^\d{1,4}$/.test(given) ? Number(given) : 0;
  if (limit >= 1 && limit <= MOST) return limit;
  throw invalidField('limit', 'out_of_range', `limit must be a whole number from 1 to ${MOST}.`);
}

function fromCursor(given: unknown): string {
  if (typeof given === 'string' && BASE64_URL.test(given)) {
    return Buffer.from(given, 'base64url').toString();
  }
  throw malformedCursor();
}

function malformedCursor(): DomainError {
  return invalidField(
    'cursor',
    'malformed',
    'cursor must be the next_cursor of an earlier answer; leave it out for the first page.',
  );
}
