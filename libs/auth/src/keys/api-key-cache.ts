import type { Database } from '@app/database';
import type { Signals } from '@app/signals';
import type { Principal } from '../principal.js';
import { hashOfKey, isWellFormedKey } from './api-key-format.js';
import { principalOf } from './api-key-principal.js';
import { apiKeysRepository } from './api-keys.repository.js';

const TOPIC = 'auth.key.changed';
const MOST_KEYS = 10_000;
/** Read again after this, should a signal ever get lost. */
const TRUSTED_MS = 60_000;
/** A key that does not exist may be created meanwhile. */
const UNKNOWN_MS = 1_000;
const NOTE_USE_MS = 10_000;

interface Entry {
  readonly keyId: string | null;
  /** Null for keys that are unknown, revoked or expired. */
  readonly principal: Principal | null;
  readonly until: number;
}

/**
 * What keys stand for, held in memory: a key in use costs no database round
 * trip. A revocation takes effect here at once and elsewhere with its signal.
 */
export class ApiKeyCache {
  /** By the key's digest; in the order of their reading. */
  private readonly entries = new Map<string, Entry>();
  private readonly reading = new Map<string, Promise<Principal | null>>();
  private readonly used = new Set<string>();
  /** Readings that began before a change must not outlive it. */
  private changes = 0;
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly database: Database,
    private readonly signals: Signals,
    private readonly onError: (error: unknown) => void,
  ) {
    signals.on(TOPIC, (keyId) => this.forget(keyId));
  }

  open(): void {
    this.timer = setInterval(() => void this.noteUse(), NOTE_USE_MS);
    this.timer.unref();
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.noteUse();
  }

  /** @returns null for a key that is not valid; a promise only when the database must be asked */
  principalOf(key: string): Principal | null | Promise<Principal | null> {
    if (!isWellFormedKey(key)) return null;
    const hash = hashOfKey(key);
    const digest = hash.toString('latin1');
    const entry = this.entries.get(digest);
    if (entry === undefined || entry.until < Date.now()) return this.read(digest, hash);
    if (entry.principal !== null && entry.keyId !== null) this.used.add(entry.keyId);
    return entry.principal;
  }

  /** Tells all other instances that a key was changed or revoked. */
  tell(keyId: string): Promise<void> {
    return this.signals.send(TOPIC, keyId);
  }

  /** The database is asked when the key comes again. */
  forget(keyId: string): void {
    this.changes++;
    for (const [digest, entry] of this.entries) {
      if (entry.keyId === keyId) this.entries.delete(digest);
    }
  }

  private read(digest: string, hash: Buffer): Promise<Principal | null> {
    let reading = this.reading.get(digest);
    if (reading === undefined) {
      reading = this.readKey(digest, hash).finally(() => this.reading.delete(digest));
      this.reading.set(digest, reading);
    }
    return reading;
  }

  private async readKey(digest: string, hash: Buffer): Promise<Principal | null> {
    const before = this.changes;
    const row = await apiKeysRepository.byHash(this.database.db, hash);
    const now = Date.now();
    const principal = row === null ? null : principalOf(row, now);
    const expires = row?.expiresAt?.getTime() ?? Infinity;
    const until = now + (row === null ? UNKNOWN_MS : TRUSTED_MS);
    if (before === this.changes) {
      this.remember(digest, {
        keyId: row?.id ?? null,
        principal,
        until: principal === null ? until : Math.min(until, expires),
      });
    }
    if (principal !== null && row !== null) this.used.add(row.id);
    return principal;
  }

  private remember(digest: string, entry: Entry): void {
    this.entries.delete(digest);
    this.entries.set(digest, entry);
    const oldest = this.entries.keys().next();
    if (this.entries.size > MOST_KEYS && !oldest.done) this.entries.delete(oldest.value);
  }

  private async noteUse(): Promise<void> {
    const ids = [...this.used];
    this.used.clear();
    try {
      await apiKeysRepository.noteUse(this.database.db, ids);
    } catch (error) {
      this.onError(error);
    }
  }
}
