import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { DomainError } from '@app/common';
import type { EdgeRequest } from '../../http/adapter/exchange.js';

const SANE_KEY = /^[\x21-\x7e]{1,255}$/;

/** Hands a route the request's Idempotency-Key, if it has one. */
export const IdempotencyKey: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): string | undefined => {
    const key = host.getArgByIndex<EdgeRequest>(0).headers['idempotency-key'];
    if (key === undefined || (typeof key === 'string' && SANE_KEY.test(key))) return key;
    throw new DomainError(
      'MALFORMED_REQUEST',
      'Idempotency-Key must be 1 to 255 visible ASCII characters, such as a UUID; correct it or leave it out.',
    );
  },
);

/** Documents the header that `@IdempotencyKey()` reads. */
export function ApiIdempotencyKey(): MethodDecorator {
  return ApiHeader({
    name: 'Idempotency-Key',
    required: false,
    schema: { type: 'string', minLength: 1, maxLength: 255 },
    description:
      'Repeated within 24 hours with the same body, the request is answered as the first time and no second job is made.',
  });
}
