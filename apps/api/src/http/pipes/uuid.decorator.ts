import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiParam } from '@nestjs/swagger';
import { DomainError } from '@app/common';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;

const readUuid = createParamDecorator((name: string, host: ExecutionContext): string => {
  const { params } = host.getArgByIndex<{ params: Record<string, string> }>(0);
  const id = params[name] ?? '';
  // What cannot be an id is nobody's: the same answer as for one that does not exist.
  if (!UUID.test(id)) throw new DomainError('NOT_FOUND', 'There is nothing with this id.');
  // Ids are kept in lower case, also where no database compares them: as names of files.
  return id.toLowerCase();
});

/** Hands a route an id of its path; documents it. `get(@Uuid('id') id: string)` */
export function Uuid(name: string): ParameterDecorator {
  return (target, key, index) => {
    readUuid(name)(target, key, index);
    if (key === undefined) return;
    const descriptor = Object.getOwnPropertyDescriptor(target, key);
    if (descriptor === undefined) return;
    ApiParam({ name, schema: { type: 'string', format: 'uuid' } })(target, key, descriptor);
  };
}
