import { createHash, randomBytes } from 'node:crypto';

const PREFIX = 'clin_';
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** 256 bits, and 32 of checksum, in base 62. */
const SECRET_LENGTH = 43;
const CHECKSUM_LENGTH = 6;
const FORM = new RegExp(`^${PREFIX}[0-9A-Za-z]{${SECRET_LENGTH + CHECKSUM_LENGTH}}$`);
/** Enough of a key to recognise it by, too little to guess it from. */
const SHOWN_LENGTH = PREFIX.length + 6;

export interface NewApiKey {
  /** The whole key: shown to its owner once, stored nowhere. */
  readonly key: string;
  readonly prefix: string;
  readonly hash: Buffer;
}

/** A key of 256 random bits. The prefix lets secret scanners find it, the checksum finds typing errors. */
export function newApiKey(): NewApiKey {
  const secret = base62(BigInt(`0x${randomBytes(32).toString('hex')}`), SECRET_LENGTH);
  const key = PREFIX + secret + checksum(PREFIX + secret);
  return { key, prefix: key.slice(0, SHOWN_LENGTH), hash: hashOfKey(key) };
}

/** Whether a text is meant to be one of these keys. */
export function isKeyLike(text: string): boolean {
  return text.startsWith(PREFIX);
}

/** Whether a text can be a key at all; false spares the look-up. */
export function isWellFormedKey(text: string): boolean {
  if (!FORM.test(text)) return false;
  const body = text.slice(0, -CHECKSUM_LENGTH);
  return checksum(body) === text.slice(-CHECKSUM_LENGTH);
}

export function hashOfKey(key: string): Buffer {
  return createHash('sha256').update(key).digest();
}

function checksum(text: string): string {
  return base62(BigInt(hashOfKey(text).readUInt32BE(0)), CHECKSUM_LENGTH);
}

function base62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; rest > 0n; rest /= 62n) text = DIGITS.charAt(Number(rest % 62n)) + text;
  return text.padStart(length, '0');
}
