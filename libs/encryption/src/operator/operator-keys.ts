import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import path from 'node:path';
import { SetupError } from '@app/common';
import { seal, unseal } from '../aes-gcm.js';
import { encodeParts } from '../encode-parts.js';
import { KeyFile } from './key-file.js';
import type { KeyWrapper, WrappedKey } from './key-wrapper.js';

interface HeldKey {
  readonly id: string;
  readonly key: KeyObject;
}

/**
 * Wraps with a key that this process is given: the first of those set, else
 * the first of the key file. The others unwrap, and so does the file when
 * keys are set, so that a service may move from the one to the other.
 */
export class OperatorKeys implements KeyWrapper {
  private held: Promise<readonly HeldKey[]> | null = null;

  /** @param set 32 bytes each; null when the operator set none */
  constructor(
    private readonly set: readonly Buffer[] | null,
    private readonly file: KeyFile,
  ) {}

  /** Those set, or those of the file `encryption.key` in the data folder. */
  static of(set: readonly Buffer[] | null, dataDir: string): OperatorKeys {
    return new OperatorKeys(set, new KeyFile(path.join(dataDir, 'encryption.key')));
  }

  async prepare(): Promise<void> {
    if (this.set !== null) return;
    await this.file.ensure();
    this.held = null;
  }

  async currentId(): Promise<string> {
    return (await this.first()).id;
  }

  async wrap(name: string, key: Buffer): Promise<WrappedKey> {
    const first = await this.first();
    return { wrapped: seal(first.key, boundTo(name), key), wrappedBy: first.id };
  }

  async unwrap(name: string, { wrapped, wrappedBy }: WrappedKey): Promise<Buffer> {
    const held = await this.find(wrappedBy);
    const key = unseal(held.key, boundTo(name), wrapped);
    if (key !== null) return key;
    throw new SetupError(
      `The stored ${name} was altered: it does not open with the key that wrapped it. ` +
        'Restore the tables data_keys and wrapped_secrets from a backup.',
    );
  }

  /**
   * Wraps with a new key from now on; the others still unwrap.
   * @throws SetupError when the operator set keys: then the new one is set likewise
   */
  async addNewKey(): Promise<void> {
    if (this.set !== null) {
      throw new SetupError(
        'The operator’s keys are set in ENCRYPTION_KEY: put a new one before the others there, ' +
          'separated by a comma, and rewrap without --new-key.',
      );
    }
    await this.file.addNew();
    this.held = null;
  }

  /** Removes from the key file those that wrap no longer, once nothing stored needs them. */
  async forgetFormerKeys(): Promise<void> {
    if (this.set !== null) return;
    await this.file.keepFirst();
    this.held = null;
  }

  private async find(wantedId: string): Promise<HeldKey> {
    const known = (await this.keys()).find(({ id }) => id === wantedId);
    if (known !== undefined) return known;
    // The file may have a new key since it was read.
    this.held = null;
    const keys = await this.keys();
    const added = keys.find(({ id }) => id === wantedId);
    if (added === undefined) throw this.lacking(wantedId, keys);
    return added;
  }

  private async first(): Promise<HeldKey> {
    const [first] = await this.keys();
    if (first === undefined) throw this.lacking('', []);
    return first;
  }

  private keys(): Promise<readonly HeldKey[]> {
    this.held ??= this.load().catch((error: unknown) => {
      this.held = null;
      throw error;
    });
    return this.held;
  }

  private async load(): Promise<readonly HeldKey[]> {
    const keys = [...(this.set ?? []), ...((await this.file.read()) ?? [])];
    return keys.map((key) => ({ id: idOf(key), key: createSecretKey(key) }));
  }

  private lacking(wantedId: string, keys: readonly HeldKey[]): SetupError {
    if (this.set !== null) {
      return new SetupError(
        `ENCRYPTION_KEY does not hold the key ${wantedId} that wrapped the stored keys, but ` +
          `${idsOf(keys)}. Add it behind the new one, separated by a comma: the first wraps, ` +
          'the others only unwrap. Without it, encrypted fields cannot be read.',
      );
    }
    const found = keys.length === 0 ? 'is missing' : `holds ${idsOf(keys)}`;
    return new SetupError(
      `The stored keys were wrapped with the operator’s key ${wantedId}, and the key file ` +
        `${this.file.path} ${found}. Restore the file from a backup or set ENCRYPTION_KEY. ` +
        'Without the key, encrypted fields cannot be read.',
    );
  }
}

function idsOf(keys: readonly HeldKey[]): string {
  return keys.map(({ id }) => id).join(', ');
}

/** Tells keys apart without telling anything of them. */
function idOf(key: Buffer): string {
  return Buffer.from(hkdfSync('sha256', key, '', 'clinserve key id', 6)).toString('hex');
}

function boundTo(name: string): Buffer {
  return encodeParts(['clinserve wrap 1', name]);
}
