import { Injectable } from '@nestjs/common';
import {
  apiKeysRepository,
  Auth,
  tenantScope,
  type ApiKeyRow,
  type IssuedKey,
  type KeyLimits,
  type Principal,
} from '@app/auth';
import { invalidField } from '@app/common';
import { Database } from '@app/database';
import { afterId, toPage, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from './acting.js';
import type {
  ApiKeyList,
  ApiKeyResponse,
  CreateApiKeyRequest,
  IssuedApiKeyResponse,
  KeyLimitsDto,
  KeySettings,
} from './api-keys.dto.js';
import { AuditedActs } from './audited-acts.js';
import { assertMayGrant, assertMayLimit } from './grants.js';
import { AdminUsersService, tenantFor } from './users.service.js';

const DEFAULT_PERMISSIONS = ['predict', 'models:read'];

/** Administration of API keys: within the caller's tenant, and no more than the caller may do. */
@Injectable()
export class AdminApiKeysService {
  constructor(
    private readonly auth: Auth,
    private readonly database: Database,
    private readonly acts: AuditedActs,
    private readonly users: AdminUsersService,
  ) {}

  async create(
    body: CreateApiKeyRequest,
    caller: Principal,
    acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    const permissions = body.permissions ?? DEFAULT_PERMISSIONS;
    const act = { action: 'api_key.create', object: { kind: 'api_key' }, status: 201 };
    const issued = await this.acts.perform(
      acting,
      act,
      async (tx) => {
        assertMayGrant(caller, permissions);
        const user =
          body.username === undefined ? null : await this.users.find(tx, body.username, caller);
        const tenantId = user?.tenantId ?? tenantFor(caller, body.tenant_id);
        const tenant = await this.auth.tenants.find(tx, tenantId);
        const tier = body.tier ?? tenant.tier;
        const limits = toLimits(body.limits);
        assertMayLimit(caller, tenant, tier, limits);
        return this.auth.apiKeys.create(tx, {
          name: body.name,
          tenantId,
          userId: user?.id ?? null,
          tier,
          permissions,
          limits,
          expiresAt: toDate(body.expires_at),
          createdBy: caller.principalId,
        });
      },
      ({ row }) => row.id,
    );
    return toIssued(issued);
  }

  /** A key that acts for a user, of the user's tenant. */
  createFor(
    username: string,
    settings: KeySettings,
    caller: Principal,
    acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    const { name, tier, permissions, limits, expires_at } = settings;
    const body = { name, tier, permissions, limits, expires_at, username };
    return this.create(body, caller, acting);
  }

  async list(caller: Principal, page: PageRequest): Promise<ApiKeyList> {
    const scope = tenantScope(caller);
    const { db } = this.database;
    const rows = await apiKeysRepository.list(db, scope, afterId(page), page.limit);
    return toPage(rows, page, await apiKeysRepository.count(db, scope), toResponse);
  }

  async rotate(
    id: string,
    overlapSeconds: number | undefined,
    caller: Principal,
    acting: Acting,
  ): Promise<IssuedApiKeyResponse> {
    const act = { action: 'api_key.rotate', object: { kind: 'api_key', id }, status: 201 };
    const issued = await this.acts.perform(acting, act, async (tx) => {
      const next = await this.auth.apiKeys.rotate(
        tx,
        tenantScope(caller),
        id,
        caller.principalId,
        overlapSeconds,
      );
      assertMayGrant(caller, next.row.permissions);
      return next;
    });
    await this.auth.announce({ sessions: [], keys: [id] });
    return toIssued(issued);
  }

  async revoke(id: string, caller: Principal, acting: Acting): Promise<void> {
    const act = { action: 'api_key.revoke', object: { kind: 'api_key', id }, status: 204 };
    await this.acts.perform(acting, act, (tx) =>
      this.auth.apiKeys.revoke(tx, tenantScope(caller), id),
    );
    await this.auth.announce({ sessions: [], keys: [id] });
  }
}

function toIssued({ key, row }: IssuedKey): IssuedApiKeyResponse {
  return Object.assign(toResponse(row), { api_key: key });
}

function toResponse(row: ApiKeyRow): ApiKeyResponse {
  return {
    id: row.id,
    prefix: row.prefix,
    name: row.name,
    tenant_id: row.tenantId,
    user_id: row.userId,
    tier: row.tier,
    permissions: row.permissions,
    limits: fromLimits(row.limits),
    expires_at: row.expiresAt?.toISOString() ?? null,
    revoked_at: row.revokedAt?.toISOString() ?? null,
    last_used_at: row.lastUsedAt?.toISOString() ?? null,
    replaced_by: row.replacedBy,
    created_at: row.createdAt.toISOString(),
  };
}

function toLimits(limits: KeyLimitsDto | undefined): KeyLimits | null {
  if (limits === undefined) return null;
  return {
    perMinute: limits.per_minute,
    perHour: limits.per_hour,
    perDay: limits.per_day,
    concurrent: limits.concurrent,
    itemsPerDay: limits.items_per_day,
    tokensPerDay: limits.tokens_per_day,
  };
}

function fromLimits(limits: KeyLimits | null): KeyLimitsDto | null {
  if (limits === null) return null;
  return {
    per_minute: limits.perMinute,
    per_hour: limits.perHour,
    per_day: limits.perDay,
    concurrent: limits.concurrent,
    items_per_day: limits.itemsPerDay,
    tokens_per_day: limits.tokensPerDay,
  };
}

function toDate(text: string | undefined): Date | null {
  if (text === undefined) return null;
  const date = new Date(text);
  if (/^\d{4}-\d\d-\d\dT/.test(text) && !Number.isNaN(date.getTime())) return date;
  throw invalidField(
    'expires_at',
    'format',
    'expires_at must be a time such as 2027-01-31T00:00:00Z.',
  );
}
