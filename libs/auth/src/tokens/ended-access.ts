import type { ApiKeyCache } from '../keys/api-key-cache.js';
import type { AccessRevocations } from './access-revocations.js';

/** Sign-ins and keys that a transaction has ended: announced once it is through. */
export interface EndedAccess {
  readonly sessions: readonly string[];
  readonly keys: readonly string[];
}

export const NOTHING_ENDED: EndedAccess = { sessions: [], keys: [] };

/**
 * Tells every instance; this one refuses from now on, the others within two
 * seconds. What cannot be told keeps nothing else from being told: once the
 * transaction is through, nobody asks for it again.
 * @throws the first failure, after all has been tried
 */
export async function announceEnded(
  { sessions, keys }: EndedAccess,
  revocations: AccessRevocations,
  keyCache: ApiKeyCache,
): Promise<void> {
  for (const sessionId of sessions) revocations.refuse(sessionId);
  for (const keyId of keys) keyCache.forget(keyId);
  const failures: unknown[] = [];
  const noteFailure = (error: unknown) => void failures.push(error);
  for (const sessionId of sessions) await revocations.tell(sessionId).catch(noteFailure);
  for (const keyId of keys) await keyCache.tell(keyId).catch(noteFailure);
  if (failures.length > 0) throw failures[0];
}
