import type { AttemptOutcome, DeliveryRow } from '@app/deliveries';
import { RefusedUrlError } from '../guard/refused-url-error.js';
import type { UrlGuard } from '../guard/url-guard.js';
import { retryAfterMs } from './retry-after.js';
import { signature } from './sign.js';
import { postWebhook, type WebhookAnswer } from './webhook-request.js';

export interface WebhookSenderOptions {
  readonly guard: UrlGuard;
  /** Ms since 1970. */
  readonly now: () => number;
  /** How long a receiver may take, from the look-up to the status. */
  readonly timeoutMs: number;
  readonly userAgent: string;
  readonly ca?: string;
}

/** The receiver wants no more: what Standard Webhooks makes of 410. */
export const GONE = 410;

/** Makes one attempt at a delivery. Never rejects, except when `signal` aborts. */
export class WebhookSender {
  constructor(private readonly options: WebhookSenderOptions) {}

  /**
   * @param secrets what it is signed with, in the form `whsec_…`; one or more
   * @param signal aborts when this process gives the attempt up
   */
  async send(
    delivery: Pick<DeliveryRow, 'id' | 'topic' | 'payload' | 'createdAt'>,
    url: string,
    secrets: readonly string[],
    signal: AbortSignal,
  ): Promise<AttemptOutcome> {
    const { guard, now, timeoutMs, userAgent, ca } = this.options;
    const timeout = AbortSignal.timeout(timeoutMs);
    const either = AbortSignal.any([signal, timeout]);
    const body = bodyOf(delivery);
    const timestamp = Math.floor(now() / 1_000);
    try {
      const to = await guard.check(url, either);
      const headers = {
        'content-type': 'application/json',
        'user-agent': userAgent,
        'webhook-id': delivery.id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': signature(secrets, delivery.id, timestamp, body),
      };
      return outcomeOf(await postWebhook({ to, headers, body, signal: either, ca }), now());
    } catch (error) {
      signal.throwIfAborted();
      const told = timeout.aborted ? `No answer within ${timeoutMs / 1_000} s.` : reasonOf(error);
      return { kind: 'retry', status: null, error: told };
    }
  }
}

/** The same bytes for every attempt. */
function bodyOf(delivery: Pick<DeliveryRow, 'topic' | 'payload' | 'createdAt'>): string {
  return JSON.stringify({
    type: delivery.topic,
    timestamp: delivery.createdAt.toISOString(),
    data: delivery.payload,
  });
}

function outcomeOf({ status, retryAfter }: WebhookAnswer, now: number): AttemptOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', status };
  if (status === GONE) {
    return { kind: 'failed', status, error: 'Answered 410: nothing more is wanted there.' };
  }
  const error =
    status >= 300 && status < 400
      ? `Answered ${status}; redirects are not followed.`
      : `Answered ${status}.`;
  return { kind: 'retry', status, error, retryAfterMs: retryAfterMs(retryAfter, now) };
}

/** In our own words; of a library's error only its code. */
function reasonOf(error: unknown): string {
  if (error instanceof RefusedUrlError) return `The URL was refused: ${error.message}`;
  const code = (error as { code?: unknown } | null)?.code;
  const named = typeof code === 'string' && /^[A-Z][A-Z\d_]{2,60}$/.test(code) ? ` (${code})` : '';
  return `The connection failed${named}.`;
}
