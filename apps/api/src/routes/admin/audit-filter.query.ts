import { applyDecorators } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { AUDIT_RESULTS, type AuditFilter } from '@app/audit';
import { invalidField } from '@app/common';
import { toTime } from '../query-time.js';

const TEXTS = {
  tenant_id: 'tenantId',
  actor_id: 'actorId',
  action: 'action',
  object_kind: 'objectKind',
  object_id: 'objectId',
  request_id: 'requestId',
} as const;
const LONGEST = 200;

/** Documents the parameters that `toAuditFilter` reads. */
export function AuditFilterQuery(): MethodDecorator {
  const time = { type: 'string' as const, format: 'date-time' };
  return applyDecorators(
    ApiQuery({ name: 'from', required: false, schema: time, description: 'Inclusive.' }),
    ApiQuery({ name: 'to', required: false, schema: time, description: 'Exclusive.' }),
    ApiQuery({ name: 'result', required: false, schema: { enum: [...AUDIT_RESULTS] } }),
    ...Object.keys(TEXTS).map((name) =>
      ApiQuery({ name, required: false, schema: { type: 'string', maxLength: LONGEST } }),
    ),
  );
}

/** @throws DomainError VALIDATION_ERROR naming the parameter */
export function toAuditFilter(query: Readonly<Record<string, unknown>>): AuditFilter {
  const texts = Object.entries(TEXTS).flatMap(([name, field]) => {
    const value = query[name];
    if (value === undefined) return [];
    // Postgres has no text with a NUL in it.
    if (typeof value !== 'string' || value.length > LONGEST || value.includes('\0')) {
      throw invalidField(
        name,
        'invalid',
        `${name} must be given once, with up to ${LONGEST} characters.`,
      );
    }
    return [[field, value] as const];
  });
  return {
    ...Object.fromEntries(texts),
    from: toTime(query['from'], 'from'),
    to: toTime(query['to'], 'to'),
    result: toResult(query['result']),
  };
}

function toResult(value: unknown): AuditFilter['result'] {
  if (value === undefined) return undefined;
  const result = AUDIT_RESULTS.find((known) => known === value);
  if (result !== undefined) return result;
  throw invalidField('result', 'unknown', `result must be one of ${AUDIT_RESULTS.join(', ')}.`);
}
