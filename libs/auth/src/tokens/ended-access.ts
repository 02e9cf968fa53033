import type { ApiKeyCache } from '../keys/api-key-cache.js';
import type { AccessRevocations } from './access-revocations.js';

/** Sign-ins and keys that a transaction has ended: announced once it is through. */
export interface EndedAccess {
  readonly sessions: readonly string[];
  readonly keys: readonly string[];
}

export const NOTHING_ENDED: EndedAccess = { sessions: [], keys: [] };

/** Tells every instance; this one refuses from now on, the others within two seconds. */
export async function announceEnded(
  { sessions, keys }: EndedAccess,
  revocations: AccessRevocations,
  keyCache: ApiKeyCache,
): Promise<void> {
  for (const sessionId of sessions) await revocations.announceSession(sessionId);
  for (const keyId of keys) await keyCache.announce(keyId);
}
