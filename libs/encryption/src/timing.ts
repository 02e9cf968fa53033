/** How long things take that several instances must agree on, ms. */
export interface EncryptionTiming {
  /** How often an instance looks for new keys. */
  readonly refreshMs: number;
  /** How long a new key is known before it encrypts: several looks of every instance. */
  readonly leadMs: number;
  /** An instance that could not look for this long encrypts nothing, lest it use an old key. */
  readonly staleMs: number;
  /** From a key's first use until nothing is written with the one before: `staleMs` and the longest transaction. */
  readonly settleMs: number;
}

export const TIMING: EncryptionTiming = {
  refreshMs: 2_000,
  leadMs: 10_000,
  staleMs: 30_000,
  settleMs: 60_000,
};
