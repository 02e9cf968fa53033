import { Injectable } from '@nestjs/common';
import {
  Auth,
  DEFAULT_TENANT,
  tenantScope,
  tenantsRepository,
  type Principal,
  type TenantRow,
} from '@app/auth';
import { DomainError } from '@app/common';
import { Database } from '@app/database';
import { afterId, toPage, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from './acting.js';
import { AuditedActs } from './audited-acts.js';
import type {
  ChangeTenantRequest,
  CreateTenantRequest,
  TenantList,
  TenantResponse,
} from './users.dto.js';

/** Administration of tenants, by administrators of the default one. */
@Injectable()
export class AdminTenantsService {
  constructor(
    private readonly auth: Auth,
    private readonly database: Database,
    private readonly acts: AuditedActs,
  ) {}

  async create(
    { name, tier }: CreateTenantRequest,
    caller: Principal,
    acting: Acting,
  ): Promise<TenantResponse> {
    const act = { action: 'tenant.create', object: { kind: 'tenant' }, status: 201 };
    const tenant = await this.acts.perform(
      acting,
      act,
      (tx) => {
        assertOverall(caller);
        return this.auth.tenants.create(tx, name, tier);
      },
      ({ id }) => id,
    );
    return toResponse(tenant);
  }

  /** Administrators of other tenants see their own alone. */
  async list(caller: Principal, page: PageRequest): Promise<TenantList> {
    const { db } = this.database;
    const scope = tenantScope(caller);
    if (scope !== null) {
      const own = await tenantsRepository.byId(db, scope);
      return { data: own === null ? [] : [toResponse(own)], next_cursor: null, total: 1 };
    }
    const rows = await tenantsRepository.list(db, afterId(page, DEFAULT_TENANT), page.limit);
    return toPage(rows, page, await tenantsRepository.count(db), toResponse);
  }

  async change(
    id: string,
    { weight }: ChangeTenantRequest,
    caller: Principal,
    acting: Acting,
  ): Promise<TenantResponse> {
    const act = { action: 'tenant.change', object: { kind: 'tenant', id }, status: 200 };
    const tenant = await this.acts.perform(acting, act, (tx) => {
      assertOverall(caller);
      return this.auth.tenants.changeWeight(tx, id, weight);
    });
    return toResponse(tenant);
  }

  async disable(id: string, caller: Principal, acting: Acting): Promise<void> {
    const act = { action: 'tenant.disable', object: { kind: 'tenant', id }, status: 204 };
    const ended = await this.acts.perform(acting, act, (tx) => {
      assertOverall(caller);
      return this.auth.tenants.disable(tx, id);
    });
    await this.auth.announce(ended);
  }
}

function assertOverall(caller: Principal): void {
  if (tenantScope(caller) === null) return;
  throw new DomainError('NOT_FOUND', 'There is no such tenant.');
}

function toResponse(tenant: TenantRow): TenantResponse {
  return {
    id: tenant.id,
    name: tenant.name,
    tier: tenant.tier,
    weight: tenant.weight,
    disabled: tenant.disabledAt !== null,
    created_at: tenant.createdAt.toISOString(),
  };
}
