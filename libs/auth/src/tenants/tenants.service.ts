import { DomainError, invalidField, newId } from '@app/common';
import type { Transaction } from '@app/database';
import { apiKeysRepository } from '../keys/api-keys.repository.js';
import { DEFAULT_TENANT } from '../principal.js';
import { isTier, TIER_WEIGHTS, TIERS } from '../tiers.js';
import type { EndedAccess } from '../tokens/ended-access.js';
import type { RefreshTokens } from '../tokens/refresh-tokens.js';
import { usersRepository } from '../users/users.repository.js';
import { tenantsRepository, type TenantRow } from './tenants.repository.js';

/** Users of one tenant that are ended one by one when it is disabled. */
const MOST_USERS = 100_000;

/** Creates and changes tenants, on a caller's transaction. */
export class TenantsService {
  constructor(private readonly tokens: RefreshTokens) {}

  /** @throws DomainError VALIDATION_ERROR for an unknown tier, CONFLICT when the name is taken */
  async create(tx: Transaction, name: string, tier: string): Promise<TenantRow> {
    if (!isTier(tier)) {
      throw invalidField('tier', 'unknown', `The tier must be one of ${TIERS.join(', ')}.`);
    }
    const id = newId();
    if (!(await tenantsRepository.insert(tx, { id, name, tier, weight: TIER_WEIGHTS[tier] }))) {
      throw new DomainError('CONFLICT', 'A tenant of this name exists. Choose another name.');
    }
    return this.find(tx, id);
  }

  async find(tx: Transaction, id: string): Promise<TenantRow> {
    const tenant = await tenantsRepository.byId(tx, id);
    if (tenant === null) throw new DomainError('NOT_FOUND', 'There is no such tenant.');
    return tenant;
  }

  /** @param weight its share relative to other tenants', above 0 */
  async changeWeight(tx: Transaction, id: string, weight: number): Promise<TenantRow> {
    const tenant = await this.find(tx, id);
    await tenantsRepository.update(tx, id, { weight });
    return { ...tenant, weight };
  }

  /** Nobody of the tenant gets in any more. */
  async disable(tx: Transaction, id: string): Promise<EndedAccess> {
    await this.find(tx, id);
    if (id === DEFAULT_TENANT) {
      throw new DomainError('CONFLICT', 'The default tenant cannot be disabled.');
    }
    await tenantsRepository.update(tx, id, { disabledAt: new Date() });
    const users = await usersRepository.list(tx, id, null, MOST_USERS);
    const sessions: string[] = [];
    for (const user of users) {
      sessions.push(...(await this.tokens.revokeAll(tx, user.id, 'disabled')));
    }
    return { sessions, keys: await apiKeysRepository.idsOfTenant(tx, id) };
  }
}
