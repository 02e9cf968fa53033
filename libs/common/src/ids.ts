import { randomFillSync } from 'node:crypto';

// Random bytes are drawn in blocks: a draw an id would cost more than the rest of the request's ids together.
const pool = Buffer.alloc(8192);
let used = pool.length;

/** `count` random bytes as hex. */
function randomHex(count: number): string {
  if (used + count > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += count;
  return pool.toString('hex', used - count, used);
}

let lastMs = 0;
let sequence = 0;

/**
 * A time-ordered identifier (UUIDv7, RFC 9562) for everything that is stored.
 * Ids of one process ascend: a counter orders those of one millisecond, and
 * borrows from the next when it runs over.
 */
export function newId(): string {
  const now = Date.now();
  if (now > lastMs) {
    lastMs = now;
    sequence = 0;
  } else if (++sequence > 0xfff) {
    lastMs++;
    sequence = 0;
  }
  const time = lastMs.toString(16).padStart(12, '0');
  const count = sequence.toString(16).padStart(3, '0');
  const random = randomHex(8);
  // The variant's two bits are 10, so the digit that holds them is 8, 9, a or b.
  const variant = (8 | (parseInt(random.charAt(0), 16) & 3)).toString(16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${variant}${random.slice(1, 4)}-${random.slice(4)}`;
}

/** A W3C trace id: 32 hex digits. */
export function newTraceId(): string {
  return randomHex(16);
}

/** A request id in the form System A clients expect: `^req-\w+-\w+$`. */
export function newRequestId(): string {
  return `req-${Date.now().toString(36)}-${randomHex(8)}`;
}

/** Whether a text has the form of our ids. */
export function isId(text: string): boolean {
  return /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(text);
}
