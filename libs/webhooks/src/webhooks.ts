import type { Database, Queryable, Transaction } from '@app/database';
import type { AttemptOutcome, Deliveries, DeliveryRow } from '@app/deliveries';
import type { FieldCipher } from '@app/encryption';
import { EndpointsService } from './endpoints/endpoints.service.js';
import { resolveByDns, resolveBySystem, type AddressResolver } from './guard/address-resolver.js';
import { UrlGuard } from './guard/url-guard.js';
import { WebhookSecrets } from './secrets/webhook-secrets.js';
import { GONE, WebhookSender } from './sending/webhook-sender.js';

export interface WebhooksOptions {
  readonly database: Pick<Database, 'db' | 'transaction'>;
  readonly cipher: FieldCipher;
  readonly deliveries: Deliveries;
  /** Whether http and the operator's own network are fine. */
  readonly allowPrivate: boolean;
  /** What receivers see: `Clinserve/1.0.0`. */
  readonly userAgent: string;
  /** How names are looked up; by default in DNS, or by the system when private networks are allowed. */
  readonly resolve?: AddressResolver;
  /** How long a receiver may take; 30 s by default. */
  readonly timeoutMs?: number;
  /** Certificate authorities to trust in place of the usual ones, PEM. */
  readonly ca?: string;
  /** Ms since 1970. */
  readonly now?: () => number;
}

/** What a tenant's receivers are told. */
export interface WebhookEvent {
  readonly tenantId: string;
  readonly topic: string;
  /** What it is about, as a job's id. */
  readonly subjectId?: string;
  /** Ids, counts and times; no patient data. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** Where a delivery goes; or why nowhere. */
export type WebhookTarget =
  | { readonly kind: 'url'; readonly url: string; readonly endpointId: string | null }
  | { readonly kind: 'none'; readonly error: string };

/** An attempt at a delivery, with what has to be stored together with its outcome. */
export interface WebhookAttempt {
  readonly outcome: AttemptOutcome;
  readonly also?: (tx: Queryable) => Promise<void>;
}

const TIMEOUT_MS = 30_000;

/** Signed messages to tenants' own services: who wants which, with what they are signed, and their sending. */
export class Webhooks {
  readonly endpoints: EndpointsService;
  readonly secrets: WebhookSecrets;
  /** Checks URLs that callers give, as a job's `callback_url`. */
  readonly guard: UrlGuard;
  private readonly sender: WebhookSender;

  constructor(private readonly options: WebhooksOptions) {
    const { database, cipher, allowPrivate, now = Date.now, timeoutMs = TIMEOUT_MS } = options;
    const { userAgent, ca, resolve = allowPrivate ? resolveBySystem : resolveByDns } = options;
    this.guard = new UrlGuard({ allowPrivate, resolve });
    this.endpoints = new EndpointsService({ database, cipher, guard: this.guard, now });
    this.secrets = new WebhookSecrets(cipher, now);
    this.sender = new WebhookSender({ guard: this.guard, now, timeoutMs, userAgent, ca });
  }

  /**
   * Notes an event for every endpoint that wants its topic. Once the
   * transaction is through, `deliveries.wake` has it sent.
   * @returns ids of the deliveries
   */
  async announce(tx: Transaction, event: WebhookEvent): Promise<string[]> {
    const { tenantId, topic } = event;
    const ids: string[] = [];
    for (const endpointId of await this.endpoints.wanting(tx, tenantId, topic)) {
      ids.push(await this.tell(tx, event, { endpointId }));
    }
    return ids;
  }

  /** Notes an event for one receiver, whatever topics it wants. @returns the delivery's id */
  tell(
    tx: Transaction,
    { tenantId, topic, subjectId, data }: WebhookEvent,
    receiver: { readonly endpointId: string } | { readonly destination: string },
  ): Promise<string> {
    const intent = { tenantId, kind: 'webhook', topic, subjectId, payload: data } as const;
    return this.options.deliveries.enqueue(tx, { ...intent, ...receiver });
  }

  /** Where a delivery goes as things stand now. */
  async targetOf(delivery: DeliveryRow): Promise<WebhookTarget> {
    const { endpointId } = delivery;
    if (endpointId === null) {
      const url = this.options.deliveries.destinationOf(delivery);
      return url === null
        ? { kind: 'none', error: 'The delivery has no URL.' }
        : { kind: 'url', url, endpointId };
    }
    const endpoint = await this.endpoints.find(endpointId);
    if (endpoint === null) return { kind: 'none', error: 'The endpoint was deleted.' };
    if (endpoint.disabledAt !== null) return { kind: 'none', error: 'The endpoint is disabled.' };
    return { kind: 'url', url: endpoint.url, endpointId };
  }

  /** Makes one attempt. Rejects only when `signal` aborts or the database cannot be asked. */
  async attempt(
    delivery: DeliveryRow,
    { url, endpointId }: { readonly url: string; readonly endpointId: string | null },
    signal: AbortSignal,
  ): Promise<WebhookAttempt> {
    const { tenantId } = delivery;
    const secrets = await this.signingSecrets(tenantId);
    const outcome = await this.sender.send(delivery, url, secrets, signal);
    if (endpointId === null || outcome.kind !== 'failed' || outcome.status !== GONE) {
      return { outcome };
    }
    const reason = 'Its receiver answered 410 Gone.';
    return {
      outcome,
      also: (tx) => this.endpoints.disable(tx, tenantId, endpointId, reason),
    };
  }

  /** Nothing is ever sent unsigned: a tenant without a secret gets one, to be seen by rotating it. */
  private async signingSecrets(tenantId: string): Promise<string[]> {
    const { database } = this.options;
    const secrets = await this.secrets.signing(database.db, tenantId);
    if (secrets.length > 0) return secrets;
    await database.transaction((tx) => this.secrets.ensure(tx, tenantId));
    return this.secrets.signing(database.db, tenantId);
  }
}
