import { Agent, buildConnector, type Dispatcher } from 'undici';
import type { CheckedUrl } from '../guard/url-guard.js';

export interface WebhookAnswer {
  readonly status: number;
  /** As it came. */
  readonly retryAfter: string | string[] | undefined;
}

export interface WebhookRequest {
  readonly to: CheckedUrl;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly signal: AbortSignal;
  /** Certificate authorities to trust in place of the usual ones, PEM. */
  readonly ca?: string;
}

/** What is read of an answer's body before its connection is cut; none of it is kept. */
const BODY_BYTES = 16_384;
const BODY_MS = 1_000;
const HEADER_BYTES = 16_384;
/** Of the checked addresses, those that are tried; a name may have hundreds. */
const ADDRESSES_TRIED = 4;

/**
 * Sends one POST on a connection of its own, to an address that was checked
 * and to no other. Redirects are answers like any other.
 */
export async function postWebhook(request: WebhookRequest): Promise<WebhookAnswer> {
  const { to, headers, body, signal, ca } = request;
  const agent = new Agent({
    connect: connectTo(to.addresses.slice(0, ADDRESSES_TRIED), signal, ca),
    connections: 1,
    pipelining: 0,
    maxHeaderSize: HEADER_BYTES,
  });
  try {
    const answer = await agent.request({
      origin: to.url.origin,
      path: to.url.pathname + to.url.search,
      method: 'POST',
      headers,
      body,
      signal,
      // Nothing more is sent on this connection, and the receiver may know.
      reset: true,
    });
    await skip(answer.body);
    return { status: answer.statusCode, retryAfter: answer.headers['retry-after'] };
  } finally {
    await agent.destroy();
  }
}

/** Lets a receiver finish a short answer, which some take for a failure of theirs when cut. */
async function skip(body: Dispatcher.ResponseData['body']): Promise<void> {
  body.on('error', () => undefined);
  const signal = AbortSignal.timeout(BODY_MS);
  await body.dump({ limit: BODY_BYTES, signal }).catch(() => undefined);
}

/**
 * A connector that never looks a name up: the name is used for the
 * certificate and the Host header only. Addresses are tried in turn, and no
 * more of them once the request was given up.
 */
function connectTo(
  addresses: readonly string[],
  signal: AbortSignal,
  ca: string | undefined,
): buildConnector.connector {
  const connect = buildConnector(ca === undefined ? {} : { ca });
  return (options, callback) => {
    const [first = '', ...others] = addresses;
    attempt(first, others);

    function attempt(address: string, rest: readonly string[]): void {
      connect({ ...options, hostname: address }, (...result) => {
        const [next, ...after] = rest;
        const goOn = result[0] !== null && !signal.aborted;
        if (goOn && next !== undefined) attempt(next, after);
        else callback(...result);
      });
    }
  };
}
