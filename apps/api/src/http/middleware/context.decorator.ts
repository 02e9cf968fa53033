import { createParamDecorator } from '@nestjs/common';
import type { ExecutionContext } from '@nestjs/common';
import type { RequestContext } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import type { RequestScope } from './request-scope.js';

/** Hands a route the RequestContext: `predict(@Context() ctx: RequestContext)`. */
export const Context: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): RequestContext =>
    host.getArgByIndex<EdgeRequest>(0).scope.context,
);

/** Hands a route its timing sheet: `@Timing() timing`, then `timing.set({queueMs, runMs})`. */
export const Timing: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): RequestScope => host.getArgByIndex<EdgeResponse>(1).scope,
);

/** Hands a route the request, for one that reads its body itself. */
export const Request: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): EdgeRequest => host.getArgByIndex<EdgeRequest>(0),
);

/** Hands a route the response, for a status or header that depends on the answer. */
export const Response: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext): EdgeResponse => host.getArgByIndex<EdgeResponse>(1),
);

/** Hands a route who asks: `status(@Caller() principal: Principal)`. */
export const Caller: () => ParameterDecorator = createParamDecorator(
  (_: unknown, host: ExecutionContext) => host.getArgByIndex<EdgeRequest>(0).scope.principal,
);
