import { ORDINARY_PERMISSIONS } from './permissions.js';
import { TIER_LIMITS, type Limits, type Tier } from './tiers.js';

/** Who asks: what a credential, or its absence on loopback, stands for. */
export interface Principal {
  readonly kind: 'anonymous' | 'key' | 'user';
  readonly tenantId: string;
  /** Id of the key's user or of the user; of the key itself when it belongs to nobody. */
  readonly principalId: string;
  readonly tier: Tier;
  readonly permissions: ReadonlySet<string>;
  readonly limits: Limits;
  /** What limits are counted by: `key:…`, `user:…` or `anonymous`. */
  readonly limitSubject: string;
  /** The sign-in of a user. */
  readonly sessionId: string | null;
  readonly keyId: string | null;
}

export const DEFAULT_TENANT = 'default';

/** Callers without a key, where none is needed: this machine's own. Not limited. */
export const ANONYMOUS: Principal = {
  kind: 'anonymous',
  tenantId: DEFAULT_TENANT,
  principalId: 'anonymous',
  tier: 'enterprise',
  permissions: new Set(ORDINARY_PERMISSIONS),
  limits: { ...TIER_LIMITS.enterprise, perMinute: null, concurrent: null },
  limitSubject: 'anonymous',
  sessionId: null,
  keyId: null,
};

/** The holder of the key that the operator set as API_KEY. */
export const OPERATOR_KEY: Principal = {
  ...ANONYMOUS,
  kind: 'key',
  principalId: 'operator-key',
  limits: TIER_LIMITS.enterprise,
  limitSubject: 'key:operator',
  keyId: 'operator',
};
