import { ALL_PERMISSIONS, type Principal } from '@app/auth';
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
