import { isIP } from 'node:net';
import { DomainError } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../adapter/exchange.js';
import { OriginList } from './origin-list.js';

export interface BrowserPolicyOptions {
  /** Origins, and patterns with `*`, whose pages may call the API. */
  readonly corsOrigins: readonly string[];
  /** Where callers reach the service; null when the operator did not say. */
  readonly publicUrl: string | null;
  /** Whether only this machine can connect. */
  readonly loopback: boolean;
}

const METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';
const REQUEST_HEADERS = [
  'Authorization',
  'Cache-Control',
  'Content-Type',
  'Idempotency-Key',
  'If-None-Match',
  'Last-Event-ID',
  'Traceparent',
  'Tracestate',
  'X-API-Key',
  'X-Access-Reason',
  'X-Model-Version',
  'X-Priority',
  'X-Request-ID',
  'X-Request-Timeout-Ms',
  'X-User-Id',
].join(', ');
const EXPOSED_HEADERS = [
  'Deprecation',
  'ETag',
  'Link',
  'Location',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'Server-Timing',
  'Sunset',
  'Warning',
  'WWW-Authenticate',
  'X-Cache',
  'X-Cache-Hit-Rate',
  'X-Cached-Items',
  'X-Model-Status',
  'X-Model-Version',
  'X-Process-Time',
  'X-RateLimit-Limit',
  'X-RateLimit-Remaining',
  'X-RateLimit-Reset',
  'X-RateLimit-Tier',
  'X-Request-ID',
  'X-Uncached-Items',
].join(', ');
const PREFLIGHT_SECONDS = 3_600;

/** Sign-in beside `/admin/`: what a page of another origin must not even try. */
const SIGN_IN: ReadonlySet<string> = new Set(['/auth/login', '/auth/refresh']);

/**
 * What pages of other origins may do: call the API and read its answers when
 * the operator listed their origin (CORS), and never touch administration and
 * sign-in when not. Callers that are no browsers notice nothing.
 */
export class BrowserPolicy {
  private readonly listed: OriginList;
  private readonly publicOrigin: string | null;

  constructor(private readonly options: BrowserPolicyOptions) {
    this.listed = new OriginList(options.corsOrigins);
    this.publicOrigin = options.publicUrl === null ? null : new URL(options.publicUrl).origin;
  }

  /** Lets a listed origin read the answer, whatever it will be: call it first. */
  markAnswer(request: EdgeRequest, response: EdgeResponse): void {
    const origin = request.headers.origin;
    if (origin === undefined || !this.listed.has(origin)) return;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Access-Control-Allow-Credentials', 'true');
    if (!isPreflight(request)) {
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    }
  }

  /**
   * Answers a preflight. Browsers send it without credentials, and it costs
   * nothing: it goes before every other check.
   *
   * @param path bare, without prefix and query
   * @returns whether the request has been answered
   * @throws DomainError ORIGIN_NOT_ALLOWED
   */
  admit(request: EdgeRequest, response: EdgeResponse, path: string): boolean {
    const { origin, 'sec-fetch-site': site } = request.headers;
    if (origin === undefined) {
      if (site !== undefined && isForeign(site) && isGuarded(path)) throw refused();
      return false;
    }
    const listed = this.listed.has(origin);
    if (isPreflight(request)) {
      if (!listed) throw refused();
      response.statusCode = 204;
      response.setHeader('Access-Control-Allow-Methods', METHODS);
      response.setHeader('Access-Control-Allow-Headers', REQUEST_HEADERS);
      response.setHeader('Access-Control-Max-Age', PREFLIGHT_SECONDS);
      response.end();
      return true;
    }
    if (!listed && isGuarded(path) && !this.isOwn(origin, request.headers.host)) throw refused();
    return false;
  }

  /** Whether a page of this origin came from this server, as far as its own address tells. */
  private isOwn(origin: string, host: string | undefined): boolean {
    if (origin === this.publicOrigin) return true;
    if (host === undefined || !URL.canParse(origin)) return false;
    const { host: originHost, hostname, origin: exact } = new URL(origin);
    if (exact !== origin || originHost !== host.toLowerCase()) return false;
    // Anybody can point a name of theirs at this address and so make both equal. Where the
    // server has a name of its own, or none at all, only what cannot be pointed counts.
    if (this.publicOrigin === null && !this.options.loopback) return true;
    return hostname === 'localhost' || isIP(hostname.replace(/^\[|\]$/g, '')) !== 0;
  }
}

function isPreflight(request: EdgeRequest): boolean {
  return (
    request.method === 'OPTIONS' && request.headers['access-control-request-method'] !== undefined
  );
}

function isGuarded(path: string): boolean {
  return path.startsWith('/admin/') || path === '/admin' || SIGN_IN.has(path);
}

/** `none` is a person who typed the address. */
function isForeign(site: string | string[]): boolean {
  return site !== 'same-origin' && site !== 'none';
}

function refused(): DomainError {
  return new DomainError(
    'ORIGIN_NOT_ALLOWED',
    'Pages of this origin may not do that. If they should, list their origin in CORS_ORIGINS, or set PUBLIC_URL to the address under which browsers reach this service.',
  );
}
