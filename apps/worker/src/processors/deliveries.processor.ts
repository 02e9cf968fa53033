import type { AttemptOutcome, ClaimedDelivery, Deliveries, DeliveryRow } from '@app/deliveries';
import type { Notifications } from '@app/notifications';
import type { WebhookAttempt, Webhooks } from '@app/webhooks';
import { ReceiverPlaces } from '../receiver-places.js';

/** Where deliveries are queued. */
export const DELIVERY_QUEUE = 'deliveries';

/** Entries that one process handles at once. */
export const DELIVERY_CONCURRENCY = 16;

export interface DeliveriesProcessorOptions {
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  readonly places?: ReceiverPlaces;
  /** 0–1, so that those who are turned away do not come back at once. */
  readonly random?: () => number;
}

/** Who gets a delivery, and how it is sent. */
interface Receiver {
  /** Attempts to the same share their places. */
  readonly name: string;
  readonly attempt: (delivery: ClaimedDelivery, signal: AbortSignal) => Promise<WebhookAttempt>;
}

/** All mails go to the operator's server. */
const MAIL_SERVER = 'mail server';

/** For one whose receiver has too many attempts open: between this and four times as long. */
const TURNED_AWAY_MS = 10_000;

/** Makes one attempt at a delivery whose time has come. */
export class DeliveriesProcessor {
  private readonly places: ReceiverPlaces;
  private readonly random: () => number;

  constructor(private readonly options: DeliveriesProcessorOptions) {
    this.places = options.places ?? new ReceiverPlaces();
    this.random = options.random ?? Math.random;
  }

  /**
   * Handles an entry of the queue. Rejects when the delivery has failed for
   * good, so that operators find its entry among the failed ones.
   */
  async handle(entry: string, signal: AbortSignal): Promise<void> {
    const { deliveries } = this.options;
    const due = await deliveries.dueOf(entry);
    if (due === null) return;
    const receiver = await this.receiverOf(due);
    if (receiver === null) return;
    const leave = await this.places.enter(receiver.name, due.tenantId);
    if (leave === null) {
      await deliveries.postpone(due, TURNED_AWAY_MS * (1 + 3 * this.random()));
      return;
    }
    try {
      const claimed = await deliveries.claim(due);
      if (claimed !== null) await this.attempt(claimed, receiver, signal);
    } finally {
      leave();
    }
  }

  private async attempt(
    claimed: ClaimedDelivery,
    receiver: Receiver,
    signal: AbortSignal,
  ): Promise<void> {
    const started = performance.now();
    const { outcome, also } = await receiver.attempt(claimed, signal);
    const ms = performance.now() - started;
    const settled = await this.options.deliveries.settle(claimed, outcome, ms, also);
    if (settled?.state === 'failed') throw new Error(describeFailure(settled, outcome));
  }

  private async receiverOf(delivery: DeliveryRow): Promise<Receiver | null> {
    const { deliveries, webhooks, notifications } = this.options;
    if (delivery.kind === 'email') {
      return {
        name: MAIL_SERVER,
        attempt: async (claimed, signal) => ({
          outcome: await notifications.attempt(claimed, signal),
        }),
      };
    }
    const target = await webhooks.targetOf(delivery);
    if (target.kind === 'none') {
      await deliveries.cancel(delivery, target.error);
      return null;
    }
    return {
      name: hostOf(target.url),
      attempt: (claimed, signal) => webhooks.attempt(claimed, target, signal),
    };
  }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : '';
}

function describeFailure({ kind, topic, attempts }: DeliveryRow, outcome: AttemptOutcome): string {
  const reason = outcome.kind === 'delivered' ? '' : ` ${outcome.error}`;
  return `A ${kind} of ${topic} was given up after ${attempts} attempts.${reason}`;
}
