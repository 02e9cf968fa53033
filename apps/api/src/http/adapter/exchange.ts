import { IncomingMessage, OutgoingMessage, ServerResponse } from 'node:http';
import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { RequestScope } from '../middleware/request-scope.js';
import { parseJson } from './parse-json.js';

/** A request as the edge sees it. Its body is parsed when first read. */
export interface EdgeRequest extends IncomingMessage {
  scope: RequestScope;
  res: EdgeResponse | undefined;
  /** The bytes of a JSON body, until somebody reads `body`. */
  payload: Buffer | undefined;
  body: unknown;
  originalUrl: string | undefined;
  /** The caller's address, read behind as many proxies as are trusted. Express's own getter. */
  readonly ip: string | undefined;
  /** Set by Express once a route has matched. */
  route: { readonly path: string } | undefined;
}

export interface EdgeResponse extends ServerResponse<EdgeRequest> {
  scope: RequestScope;
  /** Header lines that go out with every answer; those for data unless a page sets its own. */
  fixedHeaders: string;
}

/** The part of Node's own answers that every version of it shares. */
interface HeadWriter {
  readonly _storeHeader: (this: unknown, statusLine: string, headers: unknown) => void;
}

const writeHeadOut = (OutgoingMessage.prototype as unknown as HeadWriter)._storeHeader;

/** The two prototypes an Express application gives to what it handles. */
export interface ExpressPrototypes {
  request: object;
  response: object;
}

export interface ExchangeClasses {
  readonly Request: typeof IncomingMessage;
  readonly Response: typeof ServerResponse;
}

/**
 * Request and response classes that already have Express's prototypes, so that
 * the `Object.setPrototypeOf` Express does to each changes nothing: changing
 * the prototype of a live object is what made it slow.
 *
 * @param fixedHeaders header lines of every answer, each ended by CRLF
 * @param closing whether the server is shutting down: answers then close their connection
 */
export function createExchangeClasses(
  express: ExpressPrototypes,
  fixedHeaders: string,
  closing: () => boolean,
): ExchangeClasses {
  class LeanRequest extends IncomingMessage {
    scope: RequestScope | undefined = undefined;
    res: EdgeResponse | undefined = undefined;
    payload: Buffer | undefined = undefined;
    originalUrl: string | undefined = undefined;
    route: { readonly path: string } | undefined = undefined;
    private parsed: unknown = undefined;

    // Parsed on demand, so that a caller the guard refuses cannot make us parse.
    get body(): unknown {
      if (this.payload !== undefined) {
        this.parsed = parseJson(this.payload);
        this.payload = undefined;
      }
      return this.parsed;
    }

    set body(value: unknown) {
      this.payload = undefined;
      this.parsed = value;
    }
  }

  class LeanResponse<R extends IncomingMessage = IncomingMessage> extends ServerResponse<R> {
    scope: RequestScope | undefined = undefined;
    fixedHeaders = fixedHeaders;

    override writeHead(
      status: number,
      reason?: string | OutgoingHttpHeaders | OutgoingHttpHeader[],
      headers?: OutgoingHttpHeaders | OutgoingHttpHeader[],
    ): this {
      this.scope?.stamp();
      if (closing()) this.setHeader('Connection', 'close');
      return typeof reason === 'string'
        ? super.writeHead(status, reason, headers)
        : super.writeHead(status, reason ?? headers);
    }

    // Where Node writes the head out. Headers that never change need not be set, checked and
    // looked up one by one: that would be a twentieth of the cost of a whole request.
    _storeHeader(statusLine: string, headers: unknown): void {
      writeHeadOut.call(this, statusLine + this.fixedHeaders, headers);
    }
  }

  Object.setPrototypeOf(LeanRequest.prototype, express.request);
  Object.setPrototypeOf(LeanResponse.prototype, express.response);
  express.request = LeanRequest.prototype;
  express.response = LeanResponse.prototype;
  return { Request: LeanRequest, Response: LeanResponse };
}
