import { createHmac, hkdfSync } from 'node:crypto';

const KEY_BYTES = 32;

/** Keys for single purposes, all from one secret (HKDF-SHA-256), none of which tells of another. */
export class DerivedKeys {
  private readonly hashKeys = new Map<string, Buffer>();

  constructor(private readonly root: Buffer) {}

  /** 32 bytes, always the same for a purpose. */
  key(purpose: string): Buffer {
    return this.derive(`key ${purpose}`);
  }

  /** HMAC-SHA-256 of `value`. Purposes are words of the program, not data: each is kept. */
  hash(purpose: string, value: string): Buffer {
    let key = this.hashKeys.get(purpose);
    if (key === undefined) {
      key = this.derive(`hash ${purpose}`);
      this.hashKeys.set(purpose, key);
    }
    return createHmac('sha256', key).update(value, 'utf8').digest();
  }

  private derive(info: string): Buffer {
    return Buffer.from(hkdfSync('sha256', this.root, '', `clinserve ${info}`, KEY_BYTES));
  }
}
