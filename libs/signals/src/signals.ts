import { asc, gt, lt, sql } from 'drizzle-orm';
import type { NodePgDatabase } from 'drizzle-orm/node-postgres';
import { signals } from './signals.schema.js';

const CHANNEL = 'clinserve_signals';
/** Notifications can be lost with a connection; the table cannot. */
const CATCH_UP_MS = 1_000;
const KEPT_MS = 10 * 60_000;
const CLEAN_UP_MS = 60_000;
/** A transaction that took its number early may commit after one that took it later. */
const LATE_COMMITS = 100;
/** Answers of one catch-up read. */
const READ_LIMIT = 10_000;

/** A connection of its own that hears notifications. */
export interface Listener {
  query(text: string): Promise<unknown>;
  on(event: 'notification' | 'error' | 'end', handler: () => void): unknown;
  end(): Promise<void>;
}

export interface SignalsOptions {
  readonly db: NodePgDatabase;
  /** Opens the listening connection; gives up by itself when that takes long. */
  readonly connect: () => Promise<Listener>;
  /** Told when reading fails; it goes on by itself. */
  readonly onError: (error: unknown) => void;
}

type Handler = (subject: string) => void;

/**
 * Short messages to every process of the service: cancel, revoke, activate.
 * Sent as rows, announced by NOTIFY, and read again every second, so that a
 * message arrives within about a second even when its notification is lost.
 * Each is delivered at least once to every process that listens when it is
 * sent, its sender included.
 */
export class Signals {
  private readonly handlers = new Map<string, Handler[]>();
  /** The newest seen, and those shortly before it. */
  private last = 0;
  private readonly seen = new Set<number>();
  private listener: Listener | null = null;
  /** Whether a listening connection is being opened, of which there is one at a time. */
  private connecting = false;
  private timer: NodeJS.Timeout | null = null;
  private reading: Promise<void> | null = null;
  private readAgain = false;
  private cleanedAt = 0;
  private closed = false;

  constructor(private readonly options: SignalsOptions) {}

  on(topic: string, handler: Handler): void {
    this.handlers.set(topic, [...(this.handlers.get(topic) ?? []), handler]);
  }

  /** Starts to deliver what is sent from now on. */
  async open(): Promise<void> {
    const [row] = await this.options.db
      .select({ last: sql<string>`coalesce(max(${signals.seq}), 0)` })
      .from(signals);
    this.last = Number(row?.last ?? 0);
    for (let seq = this.last - LATE_COMMITS; seq <= this.last; seq++) this.seen.add(seq);
    this.timer = setInterval(() => void this.read(), CATCH_UP_MS);
    this.timer.unref();
    await this.listen();
  }

  async send(topic: string, subject: string): Promise<void> {
    await this.options.db.transaction(async (tx) => {
      await tx.insert(signals).values({ topic, subject });
      await tx.execute(sql`select pg_notify(${CHANNEL}, '')`);
    });
  }

  async close(): Promise<void> {
    this.closed = true;
    if (this.timer !== null) clearInterval(this.timer);
    await this.reading;
    await this.listener?.end().catch(() => undefined);
  }

  private async listen(): Promise<void> {
    if (this.closed || this.connecting || this.listener !== null) return;
    this.connecting = true;
    await this.openListener().finally(() => (this.connecting = false));
  }

  private async openListener(): Promise<void> {
    let opened: Listener | null = null;
    try {
      const listener = await this.options.connect();
      opened = listener;
      const lost = () => {
        // The next catch-up read opens another.
        if (this.listener === listener) this.listener = null;
      };
      listener.on('error', lost);
      listener.on('end', lost);
      listener.on('notification', () => void this.read());
      await listener.query(`LISTEN ${CHANNEL}`);
      // A close did not wait for it.
      if (this.closed) await listener.end();
      else this.listener = listener;
    } catch (error) {
      opened?.end().catch(() => undefined);
      if (!this.closed) this.options.onError(error);
    }
  }

  /** One read at a time; what is announced during one is read by the next. */
  private read(): Promise<void> {
    this.readAgain = true;
    this.reading ??= this.readAll().finally(() => (this.reading = null));
    return this.reading;
  }

  private async readAll(): Promise<void> {
    while (this.readAgain && !this.closed) {
      this.readAgain = false;
      try {
        await this.deliverNew();
        // Not waited for: a server that takes long to connect to must not hold up the next read.
        void this.listen();
        await this.cleanUp();
      } catch (error) {
        this.options.onError(error);
      }
    }
  }

  private async deliverNew(): Promise<void> {
    const rows = await this.options.db
      .select()
      .from(signals)
      .where(gt(signals.seq, this.last - LATE_COMMITS))
      .orderBy(asc(signals.seq))
      .limit(READ_LIMIT);
    for (const { seq, topic, subject } of rows) {
      if (this.seen.has(seq)) continue;
      this.seen.add(seq);
      this.last = Math.max(this.last, seq);
      for (const handler of this.handlers.get(topic) ?? []) handler(subject);
    }
    for (const seq of this.seen) if (seq < this.last - LATE_COMMITS) this.seen.delete(seq);
  }

  private async cleanUp(): Promise<void> {
    if (Date.now() - this.cleanedAt < CLEAN_UP_MS) return;
    this.cleanedAt = Date.now();
    await this.options.db.delete(signals).where(lt(signals.at, new Date(Date.now() - KEPT_MS)));
  }
}
