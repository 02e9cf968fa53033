import type { INestApplication } from '@nestjs/common';
import type { OpenAPIObject } from '@nestjs/swagger';
import type { DomainError, Priority } from '@app/common';
import { barePath, LeanExpressAdapter } from './adapter/lean-express.adapter.js';
import { ProblemFilter } from './filters/problem.filter.js';
import type { FailureRecord } from './filters/problem.filter.js';
import { AccessGuard, evidentTenant } from './guards/access.guard.js';
import type { AccessOptions } from './guards/access.guard.js';
import { assertEveryRouteDeclares } from './guards/route-declarations.js';
import { RequestOpener } from './middleware/request-opener.js';
import type { RequestScopeOptions } from './middleware/request-opener.js';
import { buildOpenApi } from './openapi/build-openapi.js';
import type { OpenApiOptions } from './openapi/build-openapi.js';
import { serveDocumentation } from './openapi/documentation-pages.js';
import type { DocumentationOptions } from './openapi/documentation-pages.js';
import { BrowserPolicy } from './hardening/browser-policy.js';
import type { BrowserPolicyOptions } from './hardening/browser-policy.js';
import { compileDeclaredBodies } from './pipes/valid-body.decorator.js';

export interface EdgeOptions {
  readonly access: AccessOptions;
  readonly openApi: OpenApiOptions & DocumentationOptions;
  /** Told of every failure of ours and of clients that left; must not throw. */
  readonly log: (record: FailureRecord) => void;
  readonly requests?: RequestScopeOptions;
  /** How browsers and proxies stand to this server. Default: no other origins, no proxies. */
  readonly http?: Omit<BrowserPolicyOptions, 'loopback'> & {
    /** How many proxies in front of the server add to `X-Forwarded-For`. */
    readonly trustedProxies: number;
  };
  /**
   * Refuses a request by its path and its tenant, where that needs no check,
   * before anything is read: what keeps a service that is asked for many times
   * what it can do answering.
   */
  readonly shed?: (
    method: string,
    path: string,
    priority: Priority,
    tenantId: string | undefined,
  ) => DomainError | null;
}

/** What shutdown, health and the generators need of the edge. */
export interface Edge {
  readonly document: OpenAPIObject;
  /**
   * Stops taking connections. Requests under way, and those that still come in
   * on open connections, are answered with `Connection: close`; resolves when
   * the last connection has gone. Streams that never end keep it waiting.
   */
  stopAccepting(): Promise<void>;
  /** Cuts every connection that is left. */
  cutConnections(): void;
}

/**
 * Puts the whole edge on an application made with a LeanExpressAdapter, before
 * it listens: request scope, body reader, access guard, problem filter, body
 * checks and documentation. Throws, naming the culprit, when a route does not
 * declare who may call it or a body's schema is not sound.
 */
export function applyEdge(app: INestApplication, options: EdgeOptions): Edge {
  const adapter: unknown = app.getHttpAdapter();
  if (!(adapter instanceof LeanExpressAdapter)) {
    throw new Error('The edge needs an application created with a LeanExpressAdapter');
  }
  assertEveryRouteDeclares(app);

  const opener = new RequestOpener(options.requests ?? {});
  const browsers = new BrowserPolicy({
    corsOrigins: options.http?.corsOrigins ?? [],
    publicUrl: options.http?.publicUrl ?? null,
    loopback: options.access.loopback,
  });
  // Read by clientAddress, and by Express where it tells a caller's address.
  adapter.set('trust proxy', options.http?.trustedProxies ?? 0);
  const problems = new ProblemFilter({
    log: options.log,
    allowedMethods: (path) => adapter.allowedMethods(path),
  });
  adapter.setFront({
    open: (request, response, awaitsContinue) => {
      browsers.markAnswer(request, response);
      opener.open(request, response, awaitsContinue);
      const path = barePath(request);
      if (browsers.admit(request, response, path)) return false;
      const refusal = options.shed?.(
        request.method ?? '',
        path,
        request.scope.priority,
        evidentTenant(request, options.access),
      );
      if (!refusal) return true;
      // The router, which would have set it, is not reached.
      request.route = { path };
      throw refusal;
    },
    fail: (error, request, response) => problems.answer(error, request, response),
  });
  app.useGlobalFilters(problems);
  app.useGlobalGuards(new AccessGuard(options.access));

  const document = buildOpenApi(app, options.openApi);
  compileDeclaredBodies(document);
  serveDocumentation(adapter, document, options.openApi);

  return {
    document,
    stopAccepting: () => adapter.stopAccepting(),
    cutConnections: () => adapter.getHttpServer().closeAllConnections(),
  };
}
