import { applyDecorators, createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidField, isId } from '@app/common';
import { DELIVERY_STATES, type DeliveryFilter } from '@app/deliveries';
import { toTime } from '../query-time.js';

type Query = Readonly<Record<string, unknown>>;

const LONGEST = 128;

/** Hands a route its `?status=`, `?topic=`, `?endpoint_id=`, `?job_id=`, `?from=` and `?to=`. */
export const DeliveriesFilter: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): DeliveryFilter =>
    toDeliveryFilter(host.getArgByIndex<{ query: Query }>(0).query),
);

/** Documents the parameters that `@DeliveriesFilter()` reads. */
export function ApiDeliveriesFilter(): MethodDecorator {
  const time = { type: 'string', format: 'date-time' } as const;
  return applyDecorators(
    ApiQuery({ name: 'status', required: false, schema: { enum: [...DELIVERY_STATES] } }),
    ApiQuery({ name: 'topic', required: false, schema: { type: 'string', maxLength: LONGEST } }),
    ApiQuery({
      name: 'endpoint_id',
      required: false,
      schema: { type: 'string', format: 'uuid' },
    }),
    ApiQuery({ name: 'job_id', required: false, schema: { type: 'string', maxLength: LONGEST } }),
    ApiQuery({ name: 'from', required: false, schema: time, description: 'Inclusive.' }),
    ApiQuery({ name: 'to', required: false, schema: time, description: 'Exclusive.' }),
  );
}

/** @throws DomainError VALIDATION_ERROR naming the parameter */
export function toDeliveryFilter(query: Query): DeliveryFilter {
  return {
    kind: 'webhook',
    state: toState(query['status']),
    topic: toWord(query, 'topic'),
    endpointId: toId(query, 'endpoint_id'),
    subjectId: toWord(query, 'job_id'),
    from: toTime(query['from'], 'from'),
    to: toTime(query['to'], 'to'),
  };
}

function toState(given: unknown): DeliveryFilter['state'] {
  const state = DELIVERY_STATES.find((name) => name === given);
  if (given === undefined || state !== undefined) return state;
  throw invalidField('status', 'unknown', `status must be one of ${DELIVERY_STATES.join(', ')}.`);
}

function toWord(query: Query, name: string): string | undefined {
  const given = query[name];
  if (given === undefined) return undefined;
  // Postgres has no text with a NUL in it.
  if (typeof given === 'string' && given.length <= LONGEST && !given.includes('\0')) return given;
  throw invalidField(
    name,
    'malformed',
    `${name} must be given once, with up to ${LONGEST} characters.`,
  );
}

function toId(query: Query, name: string): string | undefined {
  const word = toWord(query, name);
  if (word === undefined || isId(word)) return word;
  throw invalidField(name, 'malformed', `${name} must be an id, as answers tell it.`);
}
