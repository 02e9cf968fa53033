import {
  applyDecorators,
  UseGuards,
  type CanActivate,
  type ExecutionContext,
} from '@nestjs/common';
import { collectJsonBody } from '../adapter/json-body.js';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';

/**
 * For a route whose JSON body may be larger than others', `maxBytes` at most.
 * It is read once the caller has been let in, so that nobody else can make the
 * service hold it. The server's `leavesBody` must name the route; where it does
 * not, the body has been read before, within the limit of all other routes.
 */
export function LargeBody(maxBytes: number): MethodDecorator {
  return applyDecorators(UseGuards(new BodyReader(maxBytes)));
}

/** A guard, because guards run after the access guard and before the body's checks. */
class BodyReader implements CanActivate {
  constructor(private readonly maxBytes: number) {}

  canActivate(host: ExecutionContext): Promise<boolean> {
    const request = host.getArgByIndex<EdgeRequest>(0);
    const response = host.getArgByIndex<EdgeResponse>(1);
    if (!request.scope.leftBody) return Promise.resolve(true);
    return new Promise((resolve, reject) => {
      collectJsonBody(request, response, this.maxBytes, (_request, _response, failure) => {
        if (failure === undefined) resolve(true);
        else reject(failure);
      });
    });
  }
}
