import { DomainError, invalidField, isId, newId } from '@app/common';
import type { AttemptOutcome } from './attempt-outcome.js';
import {
  deliveriesRepository,
  type DeliveryAttemptRow,
  type DeliveryFilter,
  type DeliveryLoad,
  type DeliveryRow,
  type NewDeliveryRow,
  type Queryable,
} from './deliveries.repository.js';
import type { DeliveryIntent } from './delivery-intent.js';
import { deliveryOf, entryOf } from './queue-entry.js';
import { MOST_ATTEMPTS, retryWaitMs } from './retry-schedule.js';

/** What this lib uses of a queue. */
export interface WakeUps {
  add(id: string, options?: { readonly delayMs?: number }): Promise<void>;
  live(ids: readonly string[]): Promise<ReadonlySet<string>>;
}

/** What this lib uses of a field cipher. */
export interface DestinationCipher {
  encrypt(place: Place, plain: string): string;
  decrypt(place: Place, envelope: string): string;
}

interface Place {
  readonly table: string;
  readonly column: string;
  readonly row: string;
}

export interface DeliveriesOptions {
  readonly database: {
    readonly db: Queryable;
    transaction<T>(work: (tx: Queryable) => Promise<T>): Promise<T>;
  };
  readonly cipher: DestinationCipher;
  readonly queue: WakeUps;
  /** Told when the queue cannot be asked; the sweep makes up for it. */
  readonly onError: (error: unknown) => void;
  /** Told of every attempt, once it is written down; must not throw. */
  readonly onAttempt?: (kind: string, outcome: AttemptOutcome['kind']) => void;
  /** Ms since 1970. */
  readonly now?: () => number;
  /** 0–1, for jitter. */
  readonly random?: () => number;
  /** How long settled deliveries are kept; 30 by default. */
  readonly keepDays?: number;
}

/** A delivery that this process has taken for one attempt. */
export interface ClaimedDelivery extends DeliveryRow {
  readonly nextAttemptAt: Date;
}

/**
 * Well over what an attempt may take. A sender that ends in its midst leaves
 * the delivery to others after this, under the same id.
 */
const WEBHOOK_LEASE_MS = 60_000;
const MAIL_LEASE_MS = 120_000;
/** Clocks of the queue's server and of this one may differ by so much. */
const EARLY_MS = 1_000;
/** Deliveries that one sweep adds to the queue, and one replay starts again. */
const SWEEP_ROWS = 1_000;
const REPLAY_ROWS = 10_000;
const DAY_MS = 86_400_000;
const CLEAN_UP_MS = 3_600_000;

/**
 * What has to reach somebody outside, from the intent to the log of attempts.
 * The table says what is due; the queue only wakes whoever sends.
 */
export class Deliveries {
  private readonly now: () => number;
  private readonly random: () => number;
  private cleanedAt = 0;

  constructor(private readonly options: DeliveriesOptions) {
    this.now = options.now ?? Date.now;
    this.random = options.random ?? Math.random;
  }

  /** Notes what is to be sent; once the transaction is through, `wake` has it sent. @returns its id */
  async enqueue(tx: Queryable, intent: DeliveryIntent): Promise<string> {
    const id = newId();
    const now = new Date(this.now());
    const { destination } = intent;
    await deliveriesRepository.insert(tx, {
      id,
      tenantId: intent.tenantId,
      kind: intent.kind,
      topic: intent.topic,
      subjectId: intent.subjectId ?? null,
      endpointId: intent.endpointId ?? null,
      destination:
        destination === undefined ? null : this.options.cipher.encrypt(placeOf(id), destination),
      payload: intent.payload,
      state: 'pending',
      nextAttemptAt: now,
      createdAt: now,
    });
    return id;
  }

  /** Has pending deliveries sent when they are due. Never rejects: what fails is left to the sweep. */
  async wake(ids: readonly string[]): Promise<void> {
    if (ids.length === 0) return;
    try {
      await this.add(await deliveriesRepository.pending(this.options.database.db, ids));
    } catch (error) {
      this.options.onError(error);
    }
  }

  /**
   * Adds those to the queue that are due and that it has lost, and now and
   * then removes settled ones that are older than they may be.
   * @returns how many it added
   */
  async sweep(): Promise<number> {
    const { database, queue } = this.options;
    const rows = await deliveriesRepository.due(
      database.db,
      new Date(this.now() - EARLY_MS),
      SWEEP_ROWS,
    );
    const live = rows.length === 0 ? new Set() : await queue.live(rows.flatMap(entriesOf));
    const lost = rows.filter((row) => entriesOf(row).every((entry) => !live.has(entry)));
    await this.add(lost);
    await this.cleanUp();
    return lost.length;
  }

  /** The delivery that a queue's entry is about, if it is pending and due. */
  async dueOf(entry: string): Promise<DeliveryRow | null> {
    const id = deliveryOf(entry);
    if (id === null) return null;
    const row = await deliveriesRepository.byId(this.options.database.db, id);
    if (row?.state !== 'pending' || row.nextAttemptAt === null) return null;
    return row.nextAttemptAt.getTime() > this.now() + EARLY_MS ? null : row;
  }

  /** Takes a delivery for one attempt; null when another has it, or when all attempts were used up. */
  async claim(row: DeliveryRow): Promise<ClaimedDelivery | null> {
    const { db } = this.options.database;
    if (row.attempts >= MOST_ATTEMPTS) {
      await deliveriesRepository.advance(db, row, {
        state: 'failed',
        nextAttemptAt: null,
        lastError: 'The sender ended in the midst of the last attempt.',
      });
      return null;
    }
    const lease = row.kind === 'email' ? MAIL_LEASE_MS : WEBHOOK_LEASE_MS;
    const nextAttemptAt = new Date(this.now() + lease);
    const attempts = row.attempts + 1;
    const claimed = await deliveriesRepository.advance(db, row, { attempts, nextAttemptAt });
    return claimed === null ? null : { ...claimed, nextAttemptAt };
  }

  /** Leaves a delivery that was not claimed for later, without counting an attempt. */
  async postpone(row: DeliveryRow, ms: number): Promise<void> {
    const { db } = this.options.database;
    const nextAttemptAt = new Date(this.now() + ms);
    const later = await deliveriesRepository.advance(db, row, { nextAttemptAt });
    if (later !== null) await this.wake([later.id]);
  }

  /** Gives up a delivery that nobody is left to get. */
  async cancel(row: DeliveryRow, reason: string): Promise<void> {
    const { db } = this.options.database;
    const changes = { state: 'cancelled', nextAttemptAt: null, lastError: reason } as const;
    await deliveriesRepository.advance(db, row, changes);
  }

  /**
   * Writes down how an attempt ended, and when the next one is due.
   * @param also runs in the same transaction
   * @returns the delivery; null when it was replayed or taken by another meanwhile
   */
  async settle(
    claimed: ClaimedDelivery,
    outcome: AttemptOutcome,
    durationMs: number,
    also?: (tx: Queryable) => Promise<void>,
  ): Promise<DeliveryRow | null> {
    const settled = await this.options.database.transaction(async (tx) => {
      const row = await deliveriesRepository.advance(tx, claimed, this.changes(claimed, outcome));
      await deliveriesRepository.addAttempt(tx, {
        id: newId(),
        deliveryId: claimed.id,
        at: new Date(this.now() - durationMs),
        durationMs: Math.round(durationMs),
        status: outcome.status,
        error: outcome.kind === 'delivered' ? null : outcome.error,
      });
      await also?.(tx);
      return row;
    });
    this.options.onAttempt?.(claimed.kind, outcome.kind);
    if (settled?.state === 'pending') await this.wake([settled.id]);
    return settled;
  }

  /** URL or address of a delivery that has no endpoint. */
  destinationOf(row: DeliveryRow): string | null {
    const { id, destination } = row;
    return destination === null ? null : this.options.cipher.decrypt(placeOf(id), destination);
  }

  /**
   * A page of a tenant's deliveries, the newest first, and how many there are in all.
   * @param before id of the last one of the page before
   * @throws DomainError VALIDATION_ERROR when `before` is no id
   */
  async list(
    tenantId: string | null,
    filter: DeliveryFilter,
    before: string | null,
    limit: number,
  ): Promise<{ readonly rows: readonly DeliveryRow[]; readonly total: number }> {
    const { db } = this.options.database;
    if (before !== null && !isId(before)) {
      throw invalidField('cursor', 'invalid', 'cursor must be a next_cursor of an earlier answer');
    }
    const rows = await deliveriesRepository.list(db, tenantId, filter, before, limit);
    return { rows, total: await deliveriesRepository.count(db, tenantId, filter) };
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's */
  async get(tenantId: string, id: string): Promise<DeliveryRow> {
    const row = await deliveriesRepository.ofTenant(this.options.database.db, tenantId, id);
    if (row === null) throw new DomainError('NOT_FOUND', 'There is no such delivery.');
    return row;
  }

  /** All tenants' deliveries in numbers. */
  load(): Promise<DeliveryLoad> {
    const now = new Date(this.now());
    return this.options.database.transaction((tx) => deliveriesRepository.load(tx, now));
  }

  /** The log of a delivery's attempts, the oldest first. */
  attemptsOf(id: string): Promise<DeliveryAttemptRow[]> {
    return deliveriesRepository.attempts(this.options.database.db, id);
  }

  /** Whether something was noted about a subject within the last `ms`. */
  notedWithin(tx: Queryable, subjectId: string, topic: string, ms: number): Promise<boolean> {
    const since = new Date(this.now() - ms);
    return deliveriesRepository.announcedSince(tx, subjectId, topic, since);
  }

  /**
   * Sends a delivery again under its id, with all attempts ahead of it; once
   * the transaction is through, `wake` has it sent.
   * @param tenantId null for anybody's
   * @throws DomainError NOT_FOUND, also for another tenant's
   */
  async replay(tx: Queryable, tenantId: string | null, id: string): Promise<void> {
    const now = new Date(this.now());
    const ids = await deliveriesRepository.restart(tx, tenantId, { ids: [id] }, now, 1);
    if (ids.length === 0) throw new DomainError('NOT_FOUND', 'There is no such delivery.');
  }

  /**
   * The same for all that match and have failed, at most 10,000 at a time, the oldest first.
   * @param enabledEndpoints what was cancelled while one of these was disabled is sent again too
   * @returns their ids, to be woken
   */
  replayFailed(
    tx: Queryable,
    tenantId: string | null,
    filter: Omit<DeliveryFilter, 'state'>,
    enabledEndpoints: readonly string[] = [],
  ): Promise<string[]> {
    const now = new Date(this.now());
    const wanted = { ...filter, givenUp: { orCancelledFor: enabledEndpoints } };
    return deliveriesRepository.restart(tx, tenantId, wanted, now, REPLAY_ROWS);
  }

  /**
   * The same for those that entries of the queue are about, of any tenant, if they have failed.
   * @returns their ids, to be woken
   */
  async replayEntries(tx: Queryable, entries: readonly string[]): Promise<string[]> {
    const ids = entries.flatMap((entry) => deliveryOf(entry) ?? []);
    if (ids.length === 0) return [];
    const wanted = { ids, givenUp: { orCancelledFor: [] } };
    return deliveriesRepository.restart(tx, null, wanted, new Date(this.now()), REPLAY_ROWS);
  }

  private changes(claimed: ClaimedDelivery, outcome: AttemptOutcome): Partial<NewDeliveryRow> {
    const now = this.now();
    if (outcome.kind === 'delivered') {
      return {
        state: 'delivered',
        nextAttemptAt: null,
        deliveredAt: new Date(now),
        lastStatus: outcome.status,
        lastError: null,
      };
    }
    const { status: lastStatus, error: lastError } = outcome;
    const wait =
      outcome.kind === 'retry'
        ? retryWaitMs(claimed.attempts, this.random(), outcome.retryAfterMs)
        : null;
    return wait === null
      ? { state: 'failed', nextAttemptAt: null, lastStatus, lastError }
      : { nextAttemptAt: new Date(now + wait), lastStatus, lastError };
  }

  private async add(rows: readonly DeliveryRow[]): Promise<void> {
    for (const { id, nextAttemptAt } of rows) {
      if (nextAttemptAt === null) continue;
      const delayMs = Math.max(0, nextAttemptAt.getTime() - this.now());
      await this.options.queue.add(entryOf(id, nextAttemptAt), { delayMs });
    }
  }

  private async cleanUp(): Promise<void> {
    const now = this.now();
    if (now - this.cleanedAt < CLEAN_UP_MS) return;
    this.cleanedAt = now;
    const than = new Date(now - (this.options.keepDays ?? 30) * DAY_MS);
    const { db } = this.options.database;
    let removed = SWEEP_ROWS;
    while (removed === SWEEP_ROWS) {
      removed = await deliveriesRepository.removeOlder(db, than, SWEEP_ROWS);
    }
  }
}

function entriesOf({ id, nextAttemptAt }: DeliveryRow): string[] {
  return nextAttemptAt === null ? [] : [entryOf(id, nextAttemptAt)];
}

function placeOf(id: string): Place {
  return { table: 'deliveries', column: 'destination', row: id };
}
