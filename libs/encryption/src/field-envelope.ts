import type { KeyObject } from 'node:crypto';
import { seal, unseal } from './aes-gcm.js';
import { encodeParts } from './encode-parts.js';
import type { FieldPlace } from './field-cipher.js';

const ENVELOPE = /^e1\.([1-9]\d{0,8})\.([\w-]+)$/;

/** Something that stands where an envelope should is none, or not the one that was put there. */
export class EnvelopeError extends Error {
  override name = 'EnvelopeError';
}

/** What all envelopes of one key begin with. */
export function envelopePrefix(version: number): string {
  return `e1.${version}.`;
}

/** `e1.<key version>.<base64url of nonce, ciphertext and tag>` */
export function sealField(
  key: KeyObject,
  version: number,
  place: FieldPlace,
  plain: string,
): string {
  const sealed = seal(key, boundTo(place, version), Buffer.from(plain, 'utf8'));
  return envelopePrefix(version) + sealed.toString('base64url');
}

/** @throws EnvelopeError when it was altered or belongs to another place or key */
export function openField(key: KeyObject, place: FieldPlace, envelope: string): string {
  const { version, sealed } = parts(place, envelope);
  const plain = unseal(key, boundTo(place, version), sealed);
  if (plain !== null) return plain.toString('utf8');
  throw new EnvelopeError(
    `A value of ${place.table}.${place.column} cannot be decrypted: it was altered, cut short, ` +
      'or moved there from another row or column. Restore it from a backup.',
  );
}

/** @throws EnvelopeError when it is no envelope */
export function versionOf(place: FieldPlace, envelope: string): number {
  return parts(place, envelope).version;
}

function parts(place: FieldPlace, envelope: string): { version: number; sealed: Buffer } {
  const [, version, encoded] = ENVELOPE.exec(envelope) ?? [];
  const sealed = Buffer.from(encoded ?? '', 'base64url');
  // Spare bits at the end would let one envelope be written in several ways.
  if (version !== undefined && sealed.toString('base64url') === encoded) {
    return { version: Number(version), sealed };
  }
  throw new EnvelopeError(
    `A value of ${place.table}.${place.column} is not an encrypted one (e1.<key>.<data>).`,
  );
}

function boundTo({ table, column, row }: FieldPlace, version: number): Buffer {
  return encodeParts(['clinserve field 1', table, column, row, String(version)]);
}
