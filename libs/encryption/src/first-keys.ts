import { randomBytes } from 'node:crypto';
import { SetupError } from '@app/common';
import type { KeyWrapper } from './operator/key-wrapper.js';
import { storedKeys, type Queryable } from './stored-keys.repository.js';
import { dataKeyName, ROOT_SECRET } from './wrapped-names.js';

export const KEY_BYTES = 32;

/**
 * The root secret, made together with the first data key in an empty
 * database. Of processes that open one at once, one makes them.
 *
 * @throws SetupError when the operator's key does not open it
 */
export async function ensureFirstKeys(db: Queryable, wrapper: KeyWrapper): Promise<Buffer> {
  const stored = await storedKeys.secret(db, ROOT_SECRET);
  if (stored !== null) return wrapper.unwrap(ROOT_SECRET, stored);
  return db.transaction(async (tx) => {
    await storedKeys.lock(tx);
    const made = await storedKeys.secret(tx, ROOT_SECRET);
    if (made !== null) return wrapper.unwrap(ROOT_SECRET, made);
    if ((await storedKeys.newestVersion(tx)) > 0) {
      throw new SetupError(
        'The table wrapped_secrets lacks the root secret, though there are data keys. ' +
          'Restore both tables from a backup.',
      );
    }
    await wrapper.prepare();
    const root = randomBytes(KEY_BYTES);
    await storedKeys.addSecret(tx, ROOT_SECRET, await wrapper.wrap(ROOT_SECRET, root));
    const first = await wrapper.wrap(dataKeyName(1), randomBytes(KEY_BYTES));
    await storedKeys.addDataKey(tx, 1, first, 0);
    return root;
  });
}
