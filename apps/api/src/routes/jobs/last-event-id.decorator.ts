import { createParamDecorator, type ExecutionContext } from '@nestjs/common';
import type { EdgeRequest } from '../../http/adapter/exchange.js';

/** Hands a route the `Last-Event-ID` with which a client takes up a stream again. */
export const LastEventId: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): string | undefined => {
    const given = host.getArgByIndex<EdgeRequest>(0).headers['last-event-id'];
    return typeof given === 'string' ? given : undefined;
  },
);
