import type { KeyWrapper } from './operator/key-wrapper.js';
import { storedKeys, type Queryable } from './stored-keys.repository.js';
import { dataKeyName } from './wrapped-names.js';

export interface RewrapResult {
  /** Id of the operator's key that wraps now. */
  readonly keyId: string;
  /** How many keys another one had wrapped. */
  readonly rewrapped: number;
}

/**
 * Wraps every stored key with the operator's current key, all or none, after
 * which the operator's former keys are needed no longer.
 *
 * @throws SetupError when one is lacking
 */
export async function rewrapKeys(db: Queryable, wrapper: KeyWrapper): Promise<RewrapResult> {
  return db.transaction(async (tx) => {
    await storedKeys.lock(tx);
    const keyId = await wrapper.currentId();
    const keys = [
      ...(await storedKeys.secrets(tx)).map((row) => ({ of: { name: row.name }, row })),
      ...(await storedKeys.dataKeys(tx)).map((row) => ({ of: { version: row.version }, row })),
    ];
    const stale = keys.filter(({ row }) => row.wrappedBy !== keyId);
    for (const { of, row } of stale) {
      const name = 'name' in of ? of.name : dataKeyName(of.version);
      const key = await wrapper.unwrap(name, row);
      await storedKeys.replaceWrapped(tx, of, await wrapper.wrap(name, key));
    }
    return { keyId, rewrapped: stale.length };
  });
}
