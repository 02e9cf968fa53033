import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { DomainError } from '@app/common';
import type { EncryptionLog } from './encryption-log.js';
import { KEY_BYTES } from './first-keys.js';
import type { KeyWrapper } from './operator/key-wrapper.js';
import { storedKeys, type Queryable } from './stored-keys.repository.js';
import type { EncryptionTiming } from './timing.js';
import { dataKeyName } from './wrapped-names.js';

/** With random nonces of 96 bits, a key may encrypt this often (NIST SP 800-38D, 8.3). */
const MOST_ENCRYPTIONS = 2 ** 32;
/** A successor is made long before: counts of killed processes are lost, and others lag. */
export const SUCCESSOR_AFTER = 2 ** 30;

interface HeldKey {
  readonly version: number;
  readonly key: KeyObject;
  /** By this process, not yet reported. */
  unreported: number;
}

export interface KeyRingOptions {
  readonly db: Queryable;
  readonly wrapper: KeyWrapper;
  readonly log: EncryptionLog;
  readonly timing: EncryptionTiming;
  readonly successorAfter: number;
}

/** The data keys as this process knows them, looked up anew every few seconds. */
export class KeyRing {
  private readonly held = new Map<number, HeldKey>();
  private active: HeldKey | null = null;
  private encryptions = 0;
  private refreshedAt = -Infinity;
  private refreshing: Promise<void> | null = null;
  private failing = false;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: KeyRingOptions) {}

  /** @throws SetupError when the operator's key opens none of the keys */
  async open(): Promise<void> {
    await this.refresh();
    this.timer = setInterval(() => this.refreshAside(), this.options.timing.refreshMs);
    this.timer.unref();
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.refreshing?.catch(() => undefined);
    // A few uncounted encryptions do no harm: a key is succeeded long before its limit.
    await this.report().catch(() => undefined);
  }

  /**
   * The key to encrypt one value with.
   * @throws DomainError SERVICE_UNAVAILABLE when the keys have not been looked up for too long
   */
  take(): HeldKey {
    if (performance.now() - this.refreshedAt > this.options.timing.staleMs) {
      this.refreshAside();
      throw unavailable('The keys for encryption could not be checked for a while.');
    }
    const { active } = this;
    if (active === null) throw unavailable('There is no active key for encryption.');
    if (this.encryptions + active.unreported >= MOST_ENCRYPTIONS) {
      throw unavailable('The key for encryption is used up; rotate it.');
    }
    active.unreported++;
    return active;
  }

  /** @throws DomainError SERVICE_UNAVAILABLE when this process does not know the key (yet) */
  get(version: number): KeyObject {
    const found = this.held.get(version);
    if (found !== undefined) return found.key;
    this.refreshAside();
    throw unavailable(`The encryption key ${version} is not known here.`);
  }

  /** All that this process knows. */
  versions(): number[] {
    return [...this.held.keys()];
  }

  /** One value was encrypted with a certain key. */
  countFor(version: number): void {
    const held = this.held.get(version);
    if (held !== undefined) held.unreported++;
  }

  refresh(): Promise<void> {
    this.refreshing ??= this.look().finally(() => (this.refreshing = null));
    return this.refreshing;
  }

  /**
   * Makes the key after `newest`, which becomes active once every instance
   * knows it; leaves it at that if there is one already.
   * @returns the version of the newest key
   * @throws SetupError when the operator's key has changed and this process has the old one
   */
  async publishAfter(newest: number): Promise<number> {
    const { db, wrapper, timing } = this.options;
    const version = await db.transaction(async (tx) => {
      await storedKeys.lock(tx);
      const keys = await storedKeys.dataKeys(tx);
      const last = keys.at(-1);
      if (last === undefined) throw new Error('There is no data key to follow');
      if (last.version > newest) return last.version;
      // Wrapping with a key that the operator has done away with would lock the new one up.
      await wrapper.unwrap(dataKeyName(last.version), last);
      const next = last.version + 1;
      const wrapped = await wrapper.wrap(dataKeyName(next), randomBytes(KEY_BYTES));
      await storedKeys.addDataKey(tx, next, wrapped, timing.leadMs);
      return next;
    });
    // A look that is under way may have begun too early.
    await this.refreshing?.catch(() => undefined);
    await this.refresh();
    return version;
  }

  private refreshAside(): void {
    this.refresh().then(
      () => (this.failing = false),
      (error: unknown) => {
        if (this.failing) return;
        this.failing = true;
        const reason = error instanceof Error ? error.message : String(error);
        this.options.log.error({ reason }, 'the encryption keys could not be looked up');
      },
    );
  }

  private async look(): Promise<void> {
    const { db, wrapper, log, successorAfter } = this.options;
    await this.report();
    const started = performance.now();
    const rows = await storedKeys.dataKeys(db);
    for (const row of rows) {
      if (this.held.has(row.version)) continue;
      const key = createSecretKey(await wrapper.unwrap(dataKeyName(row.version), row));
      this.held.set(row.version, { version: row.version, key, unreported: 0 });
    }
    const active = rows.findLast((row) => row.active);
    this.active = this.held.get(active?.version ?? 0) ?? null;
    this.encryptions = active?.encryptions ?? 0;
    this.refreshedAt = started;
    if (active !== undefined && active === rows.at(-1) && active.encryptions >= successorAfter) {
      log.info({ version: active.version }, 'an encryption key is succeeded: it was used often');
      // Not awaited: it looks the keys up itself once this look is over.
      this.publishAfter(active.version).catch((error: unknown) => {
        const reason = error instanceof Error ? error.message : String(error);
        log.error({ reason }, 'an encryption key that was used often has no successor');
      });
    }
  }

  private async report(): Promise<void> {
    for (const held of this.held.values()) {
      const count = held.unreported;
      if (count === 0) continue;
      await storedKeys.countEncryptions(this.options.db, held.version, count);
      held.unreported -= count;
    }
  }
}

function unavailable(message: string): DomainError {
  return new DomainError('SERVICE_UNAVAILABLE', message, { retryAfterSeconds: 2 });
}
