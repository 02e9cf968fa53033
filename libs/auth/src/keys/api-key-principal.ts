import type { Principal } from '../principal.js';
import { isTier, limitsOf } from '../tiers.js';
import type { ApiKeyRow } from './api-keys.repository.js';

/** What a stored key stands for at a time (ms since 1970); null when it is revoked or has expired. */
export function principalOf(row: ApiKeyRow, now: number): Principal | null {
  if (row.revokedAt !== null) return null;
  if (row.expiresAt !== null && row.expiresAt.getTime() <= now) return null;
  const tier = isTier(row.tier) ? row.tier : 'free';
  return {
    kind: 'key',
    tenantId: row.tenantId,
    principalId: row.userId ?? row.id,
    tier,
    permissions: new Set(row.permissions),
    limits: limitsOf(tier, row.limits),
    limitSubject: `key:${row.id}`,
    sessionId: null,
    keyId: row.id,
  };
}
