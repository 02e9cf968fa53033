import { createHmac, timingSafeEqual } from 'node:crypto';
import type { AuditRow } from './audit-row.js';

/** What stands for the predecessor's MAC in the first row. */
export const CHAIN_START = Buffer.alloc(32);

/** In the order in which they are encoded, which must never change. */
type EncodedField = Exclude<keyof AuditRow, 'mac'>;
const FIELDS: readonly EncodedField[] = [
  'seq',
  'id',
  'at',
  'tenantId',
  'actorKind',
  'actorId',
  'sessionId',
  'keyId',
  'action',
  'objectKind',
  'objectId',
  'patientHash',
  'reason',
  'result',
  'status',
  'address',
  'userAgent',
  'requestId',
];

/** HMAC-SHA-256 over the predecessor's MAC and every column of the row. */
export function rowMac(key: Buffer, previous: Buffer, row: Omit<AuditRow, 'mac'>): Buffer {
  const mac = createHmac('sha256', key).update('clinserve audit 1\n').update(previous);
  // Each value with its length, and null as none of any length: no two rows encode alike.
  return mac.update(FIELDS.map((field) => encoded(row[field])).join('')).digest();
}

export function sameMac(one: Buffer, other: Buffer): boolean {
  return one.length === other.length && timingSafeEqual(one, other);
}

function encoded(value: string | number | Date | null): string {
  if (value === null) return '-;';
  const text = value instanceof Date ? String(value.getTime()) : String(value);
  return `${text.length}:${text};`;
}
