import { randomFillSync } from 'node:crypto';
import { v7 } from 'uuid';

/** A time-ordered identifier (UUIDv7) for everything that is stored. */
export function newId(): string {
  return v7();
}

// Random bytes are drawn in blocks: a draw per request costs more than the rest of the id.
const pool = Buffer.alloc(4096);
let used = pool.length;

/** A request id in the form System A clients expect: `^req-\w+-\w+$`. */
export function newRequestId(): string {
  if (used + 8 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.toString('hex', used, used + 8);
  used += 8;
  return `req-${Date.now().toString(36)}-${random}`;
}
