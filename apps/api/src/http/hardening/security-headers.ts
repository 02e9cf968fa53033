import helmet from 'helmet';
import type { HelmetOptions } from 'helmet';

/** Header lines as they stand on the wire, each ended by CRLF. */
export interface SecurityHeaders {
  /** For data: a browser that is led to show it runs and loads nothing. */
  readonly data: string;
  /** For pages of this server, which run its own scripts and styles. */
  readonly page: string;
  /** For a page that says in a `base` element where its scripts are. */
  readonly pageWithBase: string;
}

/**
 * The security headers of every answer, worked out once: helmet's own
 * middleware would work them out, and set them one by one, for each.
 *
 * @param tls whether this server ends TLS itself; when a proxy does, telling
 *   browsers to stay with HTTPS is for the proxy to do
 */
export function securityHeaders(tls: boolean): SecurityHeaders {
  const common: HelmetOptions = {
    xFrameOptions: { action: 'deny' },
    strictTransportSecurity: tls && { maxAge: 31_536_000, includeSubDomains: false },
  };
  return {
    data: headerLines({
      ...common,
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    }),
    // Swagger UI and ReDoc put style attributes and elements into the page,
    // which a policy by hash cannot follow.
    page: headerLines(forPages(common, "'none'")),
    pageWithBase: headerLines(forPages(common, "'self'")),
  };
}

function forPages(common: HelmetOptions, base: string): HelmetOptions {
  return {
    ...common,
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", 'data:'],
        fontSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        workerSrc: ["'self'", 'blob:'],
        baseUri: [base],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
  };
}

type Exchange = Parameters<ReturnType<typeof helmet>>;

function headerLines(options: HelmetOptions): string {
  // Whether an answer may be shared between origins is said by CORS headers, which depend on it.
  let lines = 'Vary: Origin\r\n';
  const response = {
    setHeader: (name: string, value: string) => (lines += `${name}: ${value}\r\n`),
    removeHeader: () => undefined,
  };
  const exchange = [{}, response] as unknown as [Exchange[0], Exchange[1]];
  helmet(options)(...exchange, (error) => {
    if (error !== undefined) throw error as Error;
  });
  return lines;
}
