import { DomainError } from '@app/common';
import type { Database, Queryable } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { desc, gt, isNull, lt, or, sql } from 'drizzle-orm';
import {
  calculateJwkThumbprint,
  exportJWK,
  generateKeyPair,
  importJWK,
  type CryptoKey,
  type JWK,
} from 'jose';
import { signingKeys } from '../auth.schema.js';
import { ACCESS_TOKEN_SECONDS, KEYS_READ_EVERY_MS } from './token-lifetimes.js';

const ALGORITHM = 'EdDSA';
const ROTATE_AFTER_MS = 30 * 24 * 3600_000;
/**
 * Other instances sign with a retired key until they look for a newer one. It
 * verifies what they signed last, and a little longer for clocks that differ.
 */
const VERIFIES_FOR_MS = KEYS_READ_EVERY_MS + (ACCESS_TOKEN_SECONDS + 60) * 1000;
/** How often an unknown key id may send us to the database. */
const LOOKUP_EVERY_MS = 1_000;
/** Any number that no other advisory lock of ours has. */
const ROTATION_LOCK = 7_201_001;

interface SigningKey {
  readonly kid: string;
  readonly createdAt: Date;
  readonly retiredAt: Date | null;
  readonly publicKey: CryptoKey;
  readonly privateKey: CryptoKey;
}

/**
 * The keys that sign and verify access tokens, shared by all instances through
 * the database. The newest signs; older ones verify until their last token is over.
 */
export class SigningKeyRing {
  private keys = new Map<string, SigningKey>();
  private loadedAt = -Infinity;
  private loading: Promise<void> | null = null;

  constructor(
    private readonly database: Database,
    private readonly cipher: FieldCipher,
  ) {}

  /** Loads the keys; makes the first one, or a new one when the newest is a month old. */
  async open(): Promise<void> {
    await this.load();
    const newest = this.newest();
    if (newest === undefined || Date.now() - newest.createdAt.getTime() > ROTATE_AFTER_MS) {
      await this.rotate(newest?.kid);
    }
  }

  /** Signs with a new key from now on. `expected` is the key to replace: if another instance was faster, its new key is taken. */
  async rotate(expected = this.newest()?.kid): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
    const publicJwk = await exportJWK(publicKey);
    const privateJwk = await exportJWK(privateKey);
    const kid = await calculateJwkThumbprint(publicJwk);
    await this.database.transaction(async (tx) => {
      await tx.execute(sql`select pg_advisory_xact_lock(${ROTATION_LOCK})`);
      const [newest] = await this.active(tx);
      if (newest?.kid !== expected) return;
      await tx
        .update(signingKeys)
        .set({ retiredAt: new Date() })
        .where(isNull(signingKeys.retiredAt));
      await tx.delete(signingKeys).where(lt(signingKeys.retiredAt, this.verifiableSince()));
      await tx.insert(signingKeys).values({
        kid,
        publicJwk: publicJwk as Record<string, string>,
        privateJwk: this.cipher.encrypt(placeOf(kid), JSON.stringify(privateJwk)),
      });
    });
    await this.load();
  }

  async current(): Promise<SigningKey> {
    const newest = this.newest();
    if (newest !== undefined) return newest;
    await this.open();
    const made = this.newest();
    if (made === undefined) throw new Error('There is no key to sign access tokens with');
    return made;
  }

  /** @throws DomainError UNAUTHENTICATED when no key of ours has this id */
  async verificationKey(kid: string | undefined): Promise<CryptoKey> {
    const known = this.keys.get(kid ?? '');
    if (known !== undefined && this.verifies(known)) return known.publicKey;
    // Another instance may have made it a moment ago.
    if (performance.now() - this.loadedAt > LOOKUP_EVERY_MS) await this.load();
    const found = this.keys.get(kid ?? '');
    if (found !== undefined && this.verifies(found)) return found.publicKey;
    throw new DomainError(
      'UNAUTHENTICATED',
      'The access token was not signed by this service. Sign in again at /auth/login.',
    );
  }

  private newest(): SigningKey | undefined {
    return [...this.keys.values()].find((key) => key.retiredAt === null);
  }

  private verifies(key: SigningKey): boolean {
    return key.retiredAt === null || key.retiredAt > this.verifiableSince();
  }

  private verifiableSince(): Date {
    return new Date(Date.now() - VERIFIES_FOR_MS);
  }

  private active(db: Queryable) {
    return db
      .select()
      .from(signingKeys)
      .where(or(isNull(signingKeys.retiredAt), gt(signingKeys.retiredAt, this.verifiableSince())))
      .orderBy(desc(sql`${signingKeys.retiredAt} is null`), desc(signingKeys.createdAt));
  }

  private load(): Promise<void> {
    this.loading ??= this.read().finally(() => (this.loading = null));
    return this.loading;
  }

  private async read(): Promise<void> {
    const rows = await this.active(this.database.db);
    const keys = await Promise.all(
      rows.map(async ({ kid, publicJwk, privateJwk, createdAt, retiredAt }) => ({
        kid,
        createdAt,
        retiredAt,
        publicKey: await imported(publicJwk),
        privateKey: await imported(
          JSON.parse(this.cipher.decrypt(placeOf(kid), privateJwk)) as JWK,
        ),
      })),
    );
    this.keys = new Map(keys.map((key) => [key.kid, key]));
    this.loadedAt = performance.now();
  }
}

function placeOf(kid: string) {
  return { table: 'signing_keys', column: 'private_jwk', row: kid };
}

async function imported(jwk: JWK): Promise<CryptoKey> {
  return (await importJWK(jwk, ALGORITHM)) as CryptoKey;
}
