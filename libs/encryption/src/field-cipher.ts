/** Where an encrypted value stands; bound to it, so that it cannot be moved elsewhere. */
export interface FieldPlace {
  readonly table: string;
  readonly column: string;
  /** The row's primary key as text. */
  readonly row: string;
}

/** Encrypts single fields of rows. Envelopes are text and name the key version that made them. */
export interface FieldCipher {
  encrypt(place: FieldPlace, plain: string): string;
  /** @throws Error when the envelope was altered, moved, or made with a key that is gone */
  decrypt(place: FieldPlace, envelope: string): string;
  /** A keyed hash (HMAC-SHA-256) that is equal for equal values: for look-ups and for logs. */
  keyedHash(purpose: string, value: string): Buffer;
}
