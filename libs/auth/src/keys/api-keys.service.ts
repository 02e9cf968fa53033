import { DomainError, invalidField, newId } from '@app/common';
import type { Transaction } from '@app/database';
import type { KeyLimits } from '../auth.schema.js';
import { ALL_PERMISSIONS, isPermission } from '../permissions.js';
import { isTier, TIERS } from '../tiers.js';
import { newApiKey } from './api-key-format.js';
import { apiKeysRepository, type ApiKeyRow } from './api-keys.repository.js';

/** How long a rotated key goes on working unless told otherwise. */
const OVERLAP_SECONDS = 24 * 3600;

export interface ApiKeyRequest {
  readonly name: string;
  readonly tenantId: string;
  readonly userId: string | null;
  readonly tier: string;
  readonly permissions: readonly string[];
  readonly limits: KeyLimits | null;
  readonly expiresAt: Date | null;
  readonly createdBy: string;
}

export interface IssuedKey {
  /** Shown once, stored nowhere. */
  readonly key: string;
  readonly row: ApiKeyRow;
}

/** Creates, rotates and revokes keys. Once the transaction is through, changes are announced (`Auth.announce`). */
export class ApiKeysService {
  /** @throws DomainError VALIDATION_ERROR for an unknown tier or permission, or an expiry in the past */
  async create(tx: Transaction, request: ApiKeyRequest): Promise<IssuedKey> {
    checkRequest(request);
    const { key, prefix, hash } = newApiKey();
    const row = await apiKeysRepository.insert(tx, {
      ...request,
      permissions: [...request.permissions],
      id: newId(),
      prefix,
      hash,
    });
    return { key, row };
  }

  /**
   * A new key like an old one, which goes on working for the overlap.
   * @param tenantId whose keys may be rotated; null for everybody's
   * @throws DomainError NOT_FOUND, or CONFLICT when it is revoked or was rotated before
   */
  async rotate(
    tx: Transaction,
    tenantId: string | null,
    id: string,
    createdBy: string,
    overlapSeconds = OVERLAP_SECONDS,
  ): Promise<IssuedKey> {
    const old = await this.find(tx, tenantId, id);
    if (old.revokedAt !== null || old.replacedBy !== null) {
      throw new DomainError(
        'CONFLICT',
        'The key is revoked or has been rotated before. Rotate its successor, or create a new one.',
      );
    }
    const { name, tenantId: owner, userId, tier, permissions, limits, expiresAt } = old;
    const request = { name, tenantId: owner, userId, tier, permissions, limits, expiresAt };
    const issued = await this.create(tx, { ...request, createdBy });
    const ends = new Date(Date.now() + overlapSeconds * 1000);
    await apiKeysRepository.update(tx, id, {
      replacedBy: issued.row.id,
      expiresAt: old.expiresAt !== null && old.expiresAt < ends ? old.expiresAt : ends,
    });
    return issued;
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's key */
  async revoke(tx: Transaction, tenantId: string | null, id: string): Promise<ApiKeyRow> {
    const row = await this.find(tx, tenantId, id);
    if (row.revokedAt === null) {
      await apiKeysRepository.update(tx, id, { revokedAt: new Date() });
    }
    return row;
  }

  private async find(tx: Transaction, tenantId: string | null, id: string): Promise<ApiKeyRow> {
    const row = await apiKeysRepository.byId(tx, tenantId, id);
    if (row === null) throw new DomainError('NOT_FOUND', 'There is no such API key.');
    return row;
  }
}

function checkRequest({ tier, permissions, expiresAt }: ApiKeyRequest): void {
  if (!isTier(tier)) {
    throw invalidField('tier', 'unknown', `The tier must be one of ${TIERS.join(', ')}.`);
  }
  const index = permissions.findIndex((permission) => !isPermission(permission));
  if (index !== -1) {
    throw invalidField(
      `permissions[${index}]`,
      'unknown',
      `A permission must be one of ${ALL_PERMISSIONS.join(', ')}.`,
    );
  }
  if (expiresAt !== null && expiresAt.getTime() <= Date.now()) {
    throw invalidField('expires_at', 'past', 'The expiry must lie in the future.');
  }
}
