import { isAdministrative } from '../permissions.js';
import { DEFAULT_TENANT } from '../principal.js';

/**
 * Whose users, keys, limits, audit entries and statistics a caller may see,
 * once a permission lets them see any: their own tenant's; everybody's (null)
 * when they administer the service as a whole, which is to be of the default
 * tenant and to hold a permission of administration. Anonymous callers and
 * `API_KEY` are of the default tenant too, but hold none. Patient data stays
 * within its tenant for everybody.
 */
export function tenantScope({
  tenantId,
  permissions,
}: {
  readonly tenantId: string;
  readonly permissions: ReadonlySet<string>;
}): string | null {
  if (tenantId !== DEFAULT_TENANT) return tenantId;
  return [...permissions].some(isAdministrative) ? null : tenantId;
}
