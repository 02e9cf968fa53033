import { createServer as createHttpServer } from 'node:http';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Server as NetServer } from 'node:net';
import type { Socket } from 'node:net';
import { StreamableFile } from '@nestjs/common';
import { ExpressAdapter } from '@nestjs/platform-express';
import express from 'express';
import type { Application } from 'express';
import { answerUnreadableRequest } from './client-error.js';
import { createExchangeClasses } from './exchange.js';
import type { EdgeRequest, EdgeResponse, ExpressPrototypes } from './exchange.js';
import { collectJsonBody } from './json-body.js';
import { securityHeaders } from '../hardening/security-headers.js';
import type { SecurityHeaders } from '../hardening/security-headers.js';

export interface LeanExpressOptions {
  /** Serves HTTPS with this certificate and key (PEM). */
  readonly tls?: { readonly cert: string | Buffer; readonly key: string | Buffer };
  /** The most bytes of a JSON body. Default 1 MiB. */
  readonly maxBodyBytes?: number;
  /**
   * Whether to leave a request's body unread: its route reads it after the
   * guard, by `collectJsonBody` with a limit of its own or as a stream.
   * `path` is bare and without query.
   */
  readonly leavesBody?: (method: string, path: string) => boolean;
  /** For the request line and headers. Default 10,000 ms. */
  readonly headersTimeoutMs?: number;
  /** For a whole request with its body. Default 30,000 ms. */
  readonly requestTimeoutMs?: number;
  /** How long an idle connection stays open; longer than a load balancer keeps it. Default 65,000 ms. */
  readonly keepAliveTimeoutMs?: number;
  /** How long a client may take not a byte of an answer that is on its way. Default 120,000 ms. */
  readonly stalledAnswerTimeoutMs?: number;
  /** How often the two request timeouts are looked at. Default 2,000 ms. */
  readonly connectionsCheckingIntervalMs?: number;
  /** Request line and headers together. Default 16 KiB. */
  readonly maxHeaderBytes?: number;
  /** Open at the same time; further ones are closed at once. Default 10,000. */
  readonly maxConnections?: number;
}

/** What the adapter asks of the rest of the edge; given by `applyEdge`. */
export interface Front {
  /** Opens the request's scope; throws a DomainError to refuse it. False when it is answered already. */
  open(request: EdgeRequest, response: EdgeResponse, awaitsContinue: boolean): boolean;
  /** Answers a failure that happened outside of any route. */
  fail(error: unknown, request: EdgeRequest, response: EdgeResponse): void;
}

/** How long an open connection may take to bring one more request once the server is closing. */
const LAST_REQUESTS_MS = 100;

/** Thrown out of the router when it found no way to read or route the URL. */
export class UnroutableUrl extends Error {}

type Dispatch = (
  request: EdgeRequest,
  response: EdgeResponse,
  done: (error?: unknown) => void,
) => void;

interface MatchingLayer {
  readonly route?: { _methods(): string[] };
  match(path: string): unknown;
}

/**
 * Nest's Express adapter without the costs that plain JSON routes need not
 * pay: requests are born with Express's prototypes, a small bounded JSON
 * reader replaces body-parser, and plain objects are answered as JSON without
 * Express's content negotiation and ETag. Streams, files, strings and
 * everything else still take Express's own way.
 */
export class LeanExpressAdapter extends ExpressAdapter {
  private front: Front | undefined;
  private closing = false;
  readonly securityHeaders: SecurityHeaders;

  constructor(private readonly settings: LeanExpressOptions = {}) {
    super(leanExpress());
    this.securityHeaders = securityHeaders(settings.tls !== undefined);
  }

  setFront(front: Front): void {
    this.front = front;
  }

  /** From now on every answer closes its connection, and no new connection is accepted. */
  stopAccepting(): Promise<void> {
    this.closing = true;
    const server = this.getHttpServer();
    return new Promise((resolve) => {
      if (!server.listening) {
        resolve();
        return;
      }
      // The HTTP server's own close would at once cut connections whose request is still on its
      // way, new ones above all: their callers would not know whether it had been accepted.
      NetServer.prototype.close.call(server, () => resolve());
      setTimeout(() => server.closeIdleConnections(), LAST_REQUESTS_MS);
    });
  }

  /** The methods that routes offer for a bare path; none when the path is unknown. */
  allowedMethods(path: string): string[] {
    const methods = new Set<string>();
    for (const layer of this.layers()) {
      if (layer.route === undefined || !layer.match(path)) continue;
      for (const method of layer.route._methods()) methods.add(method);
    }
    return [...methods].sort();
  }

  override initHttpServer(): void {
    const options = this.settings;
    const { Request, Response } = createExchangeClasses(
      this.getInstance<ExpressPrototypes>(),
      this.securityHeaders.data,
      () => this.closing,
    );
    const serverOptions: ServerOptions = {
      IncomingMessage: Request,
      ServerResponse: Response,
      headersTimeout: options.headersTimeoutMs ?? 10_000,
      requestTimeout: options.requestTimeoutMs ?? 30_000,
      keepAliveTimeout: options.keepAliveTimeoutMs ?? 65_000,
      connectionsCheckingInterval: options.connectionsCheckingIntervalMs ?? 2_000,
      maxHeaderSize: options.maxHeaderBytes ?? 16_384,
    };
    const server: Server =
      options.tls === undefined
        ? createHttpServer(serverOptions)
        : createHttpsServer({
            ...serverOptions,
            ...options.tls,
            handshakeTimeout: serverOptions.headersTimeout,
          });
    server.timeout = options.stalledAnswerTimeoutMs ?? 120_000;
    server.on('timeout', closeUnlessAnswering);
    server.maxConnections = options.maxConnections ?? 10_000;
    server.on('request', this.listener(false));
    // Answering these ourselves lets the body reader refuse before the client sends.
    server.on('checkContinue', this.listener(true));
    server.on('clientError', (error, connection) =>
      answerUnreadableRequest(this.securityHeaders.data, error, connection),
    );
    this.httpServer = server;
  }

  // The edge reads bodies itself, before routing.
  override registerParserMiddleware(): void {}

  override reply(response: EdgeResponse, body: unknown, statusCode?: number): unknown {
    const status = statusCode ?? response.statusCode;
    if (body instanceof StreamableFile) {
      const cutOff = body.errorHandler;
      body.setErrorHandler((error, handled) => {
        if (response.headersSent) cutOff(error, handled);
        else this.required().fail(error, response.req, response);
      });
    }
    if (!isPlainData(body) || status === 204 || status === 304) {
      return super.reply(response, body, statusCode);
    }
    const text = JSON.stringify(body);
    response.statusCode = status;
    if (!response.hasHeader('Content-Type')) {
      response.setHeader('Content-Type', 'application/json; charset=utf-8');
    }
    response.setHeader('Content-Length', Buffer.byteLength(text));
    return response.end(text);
  }

  override status(response: EdgeResponse, statusCode: number): EdgeResponse {
    response.statusCode = statusCode;
    return response;
  }

  override setHeader(response: EdgeResponse, name: string, value: string): EdgeResponse {
    return response.setHeader(name, value);
  }

  // Express's own errors reach the filter unchanged, which gives them our texts.
  override mapException(error: unknown): unknown {
    return error;
  }

  private listener(
    awaitsContinue: boolean,
  ): (request: IncomingMessage, response: ServerResponse) => void {
    const limit = this.settings.maxBodyBytes ?? 1_048_576;
    const leavesBody = this.settings.leavesBody;
    const app = this.getInstance<Dispatch>();

    const dispatch = (request: EdgeRequest, response: EdgeResponse, failure?: unknown): void => {
      if (failure !== undefined) {
        this.required().fail(failure, request, response);
        return;
      }
      // Nest's own last handler answers unknown paths; only what Express cannot route comes back.
      app(request, response, (error) => {
        this.required().fail(error ?? new UnroutableUrl(), request, response);
      });
    };

    return (plainRequest, plainResponse) => {
      const request = plainRequest as EdgeRequest;
      const response = plainResponse as EdgeResponse;
      try {
        if (!this.required().open(request, response, awaitsContinue)) return;
      } catch (error) {
        dispatch(request, response, error);
        return;
      }
      const method = request.method;
      if (method === 'POST' || method === 'PUT' || method === 'PATCH') {
        if (leavesBody?.(method, barePath(request)) === true) request.scope.leftBody = true;
        else {
          collectJsonBody(request, response, limit, dispatch);
          return;
        }
      }
      dispatch(request, response);
    };
  }

  private layers(): MatchingLayer[] {
    return this.getInstance<Application>().router.stack as unknown as MatchingLayer[];
  }

  private required(): Front {
    if (this.front === undefined) throw new Error('applyEdge was not called on this application');
    return this.front;
  }
}

function leanExpress(): Application {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  return app;
}

/** Without query, and without the one slash at the end that the router does not mind. */
export function barePath(request: EdgeRequest): string {
  const url = request.url ?? '/';
  const query = url.indexOf('?');
  const path = query === -1 ? url : url.slice(0, query);
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path;
}

/**
 * For a connection on which nothing has moved for a while. One whose answer is
 * still being made is waiting for us; any other waits for its client.
 */
function closeUnlessAnswering(connection: Socket & { _httpMessage?: EdgeResponse | null }): void {
  const answering = connection._httpMessage != null && connection.writableLength === 0;
  if (!answering) connection.destroy();
}

function isPlainData(body: unknown): body is object {
  if (typeof body !== 'object' || body === null) return false;
  if (Array.isArray(body)) return true;
  const prototype: unknown = Object.getPrototypeOf(body);
  return prototype === Object.prototype || prototype === null;
}
