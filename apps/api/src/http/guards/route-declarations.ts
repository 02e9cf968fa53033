import type { INestApplicationContext, Type } from '@nestjs/common';
import { METHOD_METADATA } from '@nestjs/common/constants.js';
import { MetadataScanner, ModulesContainer } from '@nestjs/core';
import { declaredRule } from './access.guard.js';

export interface RouteHandler {
  readonly controller: Type<unknown>;
  readonly handler: object;
  /** `PredictionsController.predict` */
  readonly name: string;
}

/** Every handler that a controller of the application registers as a route. */
export function routeHandlers(app: INestApplicationContext): RouteHandler[] {
  const scanner = new MetadataScanner();
  const found: RouteHandler[] = [];
  for (const module of app.get(ModulesContainer).values()) {
    for (const { metatype } of module.controllers.values()) {
      if (typeof metatype !== 'function') continue;
      const controller = metatype as Type<unknown>;
      const prototype = controller.prototype as Record<string, unknown>;
      for (const method of scanner.getAllMethodNames(prototype)) {
        const handler = prototype[method];
        if (typeof handler !== 'function' || !Reflect.hasMetadata(METHOD_METADATA, handler))
          continue;
        found.push({ controller, handler, name: `${controller.name}.${method}` });
      }
    }
  }
  return found;
}

/** Fails, naming the culprits, when a route does not say who may call it: a boot check. */
export function assertEveryRouteDeclares(app: INestApplicationContext): void {
  const silent = routeHandlers(app).filter(
    ({ controller, handler }) => declaredRule(controller, handler) === undefined,
  );
  if (silent.length === 0) return;
  throw new Error(
    `These routes do not declare who may call them: ${silent.map(({ name }) => name).join(', ')}. ` +
      'Add @Public(), @RequirePermission(…) or @PublicOnLoopback(…).',
  );
}
