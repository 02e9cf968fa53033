import type { Principal } from '@app/auth';
import { DomainError } from '@app/common';

/** Nobody gives what they do not have. @throws DomainError FORBIDDEN */
export function assertMayGrant(caller: Principal, permissions: readonly string[]): void {
  const beyond = permissions.filter((permission) => !caller.permissions.has(permission));
  if (beyond.length === 0) return;
  throw new DomainError(
    'FORBIDDEN',
    `You can only give permissions that you hold; you lack ${beyond.join(', ')}.`,
  );
}
