import { DEFAULT_TENANT, type Permission } from '@app/auth';
import type { RequestContext } from '@app/common';

/** Of those who may read statistics, this marks who looks after all tenants. */
const OPERATORS: Permission = 'limits:admin';

/**
 * Whose predictions and requests a caller may see: their tenant's; everybody's
 * (null) for operators of the default tenant. `ops:read` alone is an ordinary
 * permission that keys of any tenant hold.
 */
export function tenantScope({ tenantId, permissions }: RequestContext): string | null {
  return tenantId === DEFAULT_TENANT && permissions.has(OPERATORS) ? null : tenantId;
}
