import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiQuery } from '@nestjs/swagger';
import { invalidField } from '@app/common';
import { JOB_STATUSES, type JobStatus } from '@app/jobs';

type Queried = { readonly query: Readonly<Record<string, unknown>> };

/** Hands a route its `?status=`. */
export const StatusFilter: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): JobStatus | undefined => {
    const given = host.getArgByIndex<Queried>(0).query['status'];
    const status = JOB_STATUSES.find((name) => name === given);
    if (given === undefined || status !== undefined) return status;
    throw invalidField('status', 'unknown', `status must be one of ${JOB_STATUSES.join(', ')}.`);
  },
);

/** Documents the parameter that `@StatusFilter()` reads. */
export function ApiStatusFilter(): MethodDecorator {
  return ApiQuery({
    name: 'status',
    required: false,
    schema: { type: 'string', enum: [...JOB_STATUSES] },
  });
}

/** Hands a route its `?purge=`. */
export const Purge: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): boolean => {
    const given = host.getArgByIndex<Queried>(0).query['purge'];
    if (given === undefined || given === 'false') return false;
    if (given === 'true') return true;
    throw invalidField('purge', 'malformed', 'purge must be true or false.');
  },
);

/** Documents the parameter that `@Purge()` reads. */
export function ApiPurge(): MethodDecorator {
  return ApiQuery({
    name: 'purge',
    required: false,
    schema: { type: 'boolean', default: false },
    description: 'Instead erase a finished job’s input, results and file.',
  });
}
