import { Deliveries, type WakeUps } from '@app/deliveries';
import type { FieldCipher } from '@app/encryption';
import { Notifications, type SmtpOptions } from '@app/notifications';
import { Webhooks, type WebhooksOptions } from '@app/webhooks';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import { DeliveriesProcessor } from '../../apps/worker/src/processors/deliveries.processor.js';
import { ReceiverPlaces } from '../../apps/worker/src/receiver-places.js';

/** Binds a value to its place, as the real one does, and hides it from a reader of the table. */
export const TEST_CIPHER: FieldCipher = {
  encrypt: (place, plain) => Buffer.from(JSON.stringify([place, plain])).toString('base64'),
  decrypt: (place, envelope) => {
    const [there, plain] = JSON.parse(Buffer.from(envelope, 'base64').toString()) as [
      typeof place,
      string,
    ];
    if (JSON.stringify(there) !== JSON.stringify(place)) throw new Error('moved');
    return plain;
  },
  keyedHash: () => Buffer.alloc(32),
};

/** A queue on a clock that tests move. */
class ClockQueue implements WakeUps {
  private readonly due = new Map<string, number>();
  private readonly active = new Set<string>();

  constructor(private readonly clock: { readonly now: number }) {}

  async add(id: string, { delayMs = 0 } = {}): Promise<void> {
    if (this.active.has(id) || this.due.has(id)) return;
    this.due.set(id, this.clock.now + delayMs);
  }

  async live(ids: readonly string[]): Promise<ReadonlySet<string>> {
    return new Set(ids.filter((id) => this.due.has(id) || this.active.has(id)));
  }

  /** Forgets everything, as a server does that lost its data. */
  lose(): void {
    this.due.clear();
  }

  take(): string | null {
    for (const [id, at] of this.due) {
      if (at > this.clock.now) continue;
      this.due.delete(id);
      this.active.add(id);
      return id;
    }
    return null;
  }

  finish(id: string): void {
    this.active.delete(id);
  }
}

export interface BenchOptions extends Partial<Pick<WebhooksOptions, 'allowPrivate' | 'ca'>> {
  readonly timeoutMs?: number;
  readonly smtp?: SmtpOptions;
  /** Addresses of hosts, a list a look-up; the last one goes on. */
  readonly hosts?: Readonly<Record<string, (readonly string[])[]>>;
}

const CONCURRENCY = 16;

/** Everything that sends, on a real database, with a clock that tests move. */
export class DeliveryBench {
  readonly clock = { now: Date.parse('2026-11-21T12:00:00.000Z') };
  readonly queue = new ClockQueue(this.clock);
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  readonly processor: DeliveriesProcessor;
  /** What handlers rejected with. */
  readonly failures: unknown[] = [];
  readonly lookUps: string[] = [];

  private constructor(
    readonly fresh: FreshDatabase,
    options: BenchOptions,
  ) {
    const now = () => this.clock.now;
    const { database } = fresh;
    const { smtp = null, timeoutMs = 5_000, allowPrivate = true, ca } = options;
    const hosts = structuredClone(options.hosts ?? {}) as Record<string, string[][]>;
    this.deliveries = new Deliveries({
      database,
      cipher: TEST_CIPHER,
      queue: this.queue,
      onError: (error) => this.failures.push(error),
      now,
      random: () => 0.5,
    });
    const { deliveries } = this;
    this.webhooks = new Webhooks({
      database,
      cipher: TEST_CIPHER,
      deliveries,
      allowPrivate,
      userAgent: 'Clinserve/1.2.3',
      resolve: async (host) => {
        this.lookUps.push(host);
        const answers = hosts[host] ?? [];
        return (answers.length > 1 ? answers.shift() : answers[0]) ?? [];
      },
      timeoutMs,
      ca,
      now,
    });
    this.notifications = new Notifications({ smtp, deliveries });
    this.processor = new DeliveriesProcessor({
      deliveries,
      webhooks: this.webhooks,
      notifications: this.notifications,
      places: new ReceiverPlaces({ perReceiver: 4, perTenant: 8, waitMs: 500 }),
      random: () => 0.5,
    });
  }

  static async open(options: BenchOptions = {}): Promise<DeliveryBench> {
    return new DeliveryBench(await freshDatabase(), options);
  }

  async close(): Promise<void> {
    this.notifications.close();
    await this.fresh.drop();
  }

  /** Handles what is due, and what becomes due by that, as so many workers would. */
  async run(signal = new AbortController().signal): Promise<void> {
    const work = async () => {
      for (let id = this.queue.take(); id !== null; id = this.queue.take()) {
        await this.processor
          .handle(id, signal)
          .catch((error: unknown) => this.failures.push(error));
        this.queue.finish(id);
      }
    };
    await Promise.all(Array.from({ length: CONCURRENCY }, work));
  }

  /** Moves the clock and handles what has become due. */
  async after(ms: number): Promise<void> {
    this.clock.now += ms;
    await this.run();
  }

  /** Makes an endpoint that gets everything about the end of jobs. */
  endpoint(url: string, tenantId = 'north') {
    return this.fresh.database.transaction((tx) =>
      this.webhooks.endpoints.create(tx, { tenantId, url, createdBy: 'test' }),
    );
  }

  /** Notes an event and has it sent. @returns ids of its deliveries */
  async announce(data: object = {}, topic = 'job.completed', tenantId = 'north') {
    const event = { tenantId, topic, data: { ...data } };
    const ids = await this.fresh.database.transaction((tx) => this.webhooks.announce(tx, event));
    await this.deliveries.wake(ids);
    return ids;
  }

  /** Notes an event for a URL of its own and has it sent. */
  async send(url: string, tenantId = 'north'): Promise<string> {
    const event = {
      tenantId,
      topic: 'job.completed',
      subjectId: 'job-1',
      data: { job_id: 'job-1' },
    };
    const id = await this.fresh.database.transaction((tx) =>
      this.webhooks.tell(tx, event, { destination: url }),
    );
    await this.deliveries.wake([id]);
    return id;
  }

  rotate(overlapSeconds?: number, tenantId = 'north') {
    return this.fresh.database.transaction((tx) =>
      this.webhooks.secrets.rotate(tx, tenantId, overlapSeconds),
    );
  }
}
