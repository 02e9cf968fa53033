import {
  ALL_PERMISSIONS,
  TIER_LIMITS,
  TIERS,
  tenantScope,
  type KeyLimits,
  type Limits,
  type Principal,
  type TenantRow,
} from '@app/auth';
import { DomainError } from '@app/common';

/** Nobody gives what they do not have. @throws DomainError FORBIDDEN */
export function assertMayGrant(caller: Principal, permissions: readonly string[]): void {
  const beyond = permissions.filter((permission) => !caller.permissions.has(permission));
  if (beyond.length === 0) return;
  // Told by our own names: what a caller made up may be anything.
  const known = ALL_PERMISSIONS.filter((permission) => beyond.includes(permission));
  throw new DomainError(
    'FORBIDDEN',
    `You can only give permissions that you hold; you lack ${known.join(', ') || 'one that does not exist'}.`,
  );
}

/**
 * Within a tenant no key is limited less than its tenant: only those who
 * administer the service as a whole lift limits.
 * @throws DomainError FORBIDDEN
 */
export function assertMayLimit(
  caller: Principal,
  tenant: Pick<TenantRow, 'tier'>,
  tier: string,
  limits: KeyLimits | null,
): void {
  if (tenantScope(caller) === null) return;
  const highest = TIERS.find((known) => known === tenant.tier) ?? 'free';
  // A tier that does not exist is above none, and is refused where keys are made.
  if (TIERS.findIndex((known) => known === tier) > TIERS.indexOf(highest)) {
    throw beyondTenant(`The tier of a key can be ${highest} at most`);
  }
  for (const name of Object.keys(TIER_LIMITS[highest]) as (keyof Limits)[]) {
    const most = TIER_LIMITS[highest][name];
    const wanted = limits?.[name];
    if (most === null || wanted === undefined || (wanted !== null && wanted <= most)) continue;
    throw beyondTenant(`limits.${inApi(name)} of a key can be ${most} at most`);
  }
}

function beyondTenant(what: string): DomainError {
  return new DomainError(
    'FORBIDDEN',
    `${what}, as its tenant's own. Ask for no more, or ask those who administer the service.`,
  );
}

/** `per_minute` for `perMinute`. */
function inApi(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
