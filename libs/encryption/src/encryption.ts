import type { EncryptionLog } from './encryption-log.js';
import { encryptionStatus, type EncryptionStatus } from './encryption-status.js';
import { DerivedKeys } from './derived-keys.js';
import type { FieldCipher, FieldPlace } from './field-cipher.js';
import { openField, sealField, versionOf } from './field-envelope.js';
import { ensureFirstKeys } from './first-keys.js';
import { KeyRing, SUCCESSOR_AFTER } from './key-ring.js';
import type { KeyWrapper } from './operator/key-wrapper.js';
import { rewrapKeys, type RewrapResult } from './rewrap-keys.js';
import type { EncryptedColumn } from './rotation/encrypted-column.js';
import { KeyRotation, type RotationOptions, type RotationResult } from './rotation/rotate-keys.js';
import type { Queryable } from './stored-keys.repository.js';
import { TIMING, type EncryptionTiming } from './timing.js';

export interface EncryptionOptions {
  /** Not a transaction: keys are looked up as long as this is open. */
  readonly db: Queryable;
  readonly wrapper: KeyWrapper;
  readonly log: EncryptionLog;
  /** All processes on one database need the same. */
  readonly timing?: EncryptionTiming;
  /** After how many encryptions a key gets a successor by itself. */
  readonly successorAfter?: number;
}

/**
 * Opens the keys of a database, making them in an empty one.
 * @throws SetupError when the operator's key is not the one that wrapped them
 */
export async function openEncryption(options: EncryptionOptions): Promise<Encryption> {
  const { db, wrapper, log, timing = TIMING, successorAfter = SUCCESSOR_AFTER } = options;
  const derived = new DerivedKeys(await ensureFirstKeys(db, wrapper));
  const ring = new KeyRing({ db, wrapper, log, timing, successorAfter });
  await ring.open();
  return new Encryption(db, wrapper, timing, ring, derived);
}

/**
 * Fields are encrypted by AES-256-GCM with a versioned data key, bound to
 * their place. Data keys, and the secret behind keyed hashes and derived keys,
 * are stored wrapped by the operator's key.
 */
export class Encryption implements FieldCipher {
  constructor(
    private readonly db: Queryable,
    private readonly wrapper: KeyWrapper,
    private readonly timing: EncryptionTiming,
    private readonly ring: KeyRing,
    private readonly derived: DerivedKeys,
  ) {}

  /** @throws DomainError SERVICE_UNAVAILABLE when the keys could not be looked up for long */
  encrypt(place: FieldPlace, plain: string): string {
    const { version, key } = this.ring.take();
    return sealField(key, version, place, plain);
  }

  /**
   * @throws EnvelopeError when the envelope was altered or moved
   * @throws DomainError SERVICE_UNAVAILABLE when its key is not known here (yet)
   */
  decrypt(place: FieldPlace, envelope: string): string {
    return openField(this.ring.get(versionOf(place, envelope)), place, envelope);
  }

  /** Does not change when keys are rotated, so that stored hashes stay comparable. */
  keyedHash(purpose: string, value: string): Buffer {
    return this.derived.hash(purpose, value);
  }

  /** 32 bytes for another use of a key, such as the audit log's; the same for ever. */
  deriveKey(purpose: string): Buffer {
    return this.derived.key(purpose);
  }

  status(columns: readonly EncryptedColumn[]): Promise<EncryptionStatus> {
    return encryptionStatus(this.db, this.wrapper, columns);
  }

  /**
   * Makes a new data key and encrypts all fields with it, while services read
   * and write; goes on with an unfinished rotation if there is one.
   *
   * @throws SetupError when a column does not exist or the operator's key is lacking
   */
  rotate(options: RotationOptions): Promise<RotationResult> {
    return new KeyRotation(this.db, this.ring, this.timing, options).run();
  }

  /** After a change of the operator's key. @throws SetupError when the former one is lacking */
  rewrap(): Promise<RewrapResult> {
    return rewrapKeys(this.db, this.wrapper);
  }

  async close(): Promise<void> {
    await this.ring.close();
  }
}
