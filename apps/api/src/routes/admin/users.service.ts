import { Injectable } from '@nestjs/common';
import {
  Auth,
  rolesRepository,
  tenantScope,
  usersRepository,
  type EndedAccess,
  type Principal,
  type UserRow,
} from '@app/auth';
import { DomainError } from '@app/common';
import { Database, type Transaction } from '@app/database';
import { afterId, toPage, type PageRequest } from '../../http/pipes/page.decorator.js';
import type { Acting } from './acting.js';
import { AuditedActs } from './audited-acts.js';
import { assertMayGrant } from './grants.js';
import type {
  ChangeRolesRequest,
  CreateUserRequest,
  RoleList,
  UserList,
  UserResponse,
} from './users.dto.js';

/** Administration of users: within the caller's tenant, and no more than the caller may do. */
@Injectable()
export class AdminUsersService {
  constructor(
    private readonly auth: Auth,
    private readonly database: Database,
    private readonly acts: AuditedActs,
  ) {}

  async create(body: CreateUserRequest, caller: Principal, acting: Acting): Promise<UserResponse> {
    const act = { action: 'user.create', object: { kind: 'user' }, status: 201 };
    const user = await this.acts.perform(
      acting,
      act,
      async (tx) => {
        await this.assertMayGiveRoles(tx, caller, body.roles);
        return this.auth.users.create(tx, {
          tenantId: tenantFor(caller, body.tenant_id),
          username: body.username,
          password: body.password,
          email: body.email ?? null,
          roles: body.roles,
        });
      },
      ({ id }) => id,
    );
    return this.toResponse(user);
  }

  async list(caller: Principal, page: PageRequest): Promise<UserList> {
    const scope = tenantScope(caller);
    const { db } = this.database;
    const rows = await usersRepository.list(db, scope, afterId(page), page.limit);
    const total = await usersRepository.count(db, scope);
    return toPage(rows, page, total, (row) => this.toResponse(row));
  }

  async get(username: string, caller: Principal): Promise<UserResponse> {
    return this.toResponse(
      await this.database.transaction((tx) => this.find(tx, username, caller)),
    );
  }

  changeRoles(
    username: string,
    { roles }: ChangeRolesRequest,
    caller: Principal,
    acting: Acting,
  ): Promise<UserResponse> {
    return this.change('user.change_roles', username, caller, acting, async (tx, user) => {
      await this.assertMayGiveRoles(tx, caller, roles);
      return this.auth.users.changeRoles(tx, user, roles);
    });
  }

  resetPassword(
    username: string,
    password: string,
    caller: Principal,
    acting: Acting,
  ): Promise<UserResponse> {
    return this.change('user.reset_password', username, caller, acting, (tx, user) =>
      this.auth.users.resetPassword(tx, user, password),
    );
  }

  disable(username: string, caller: Principal, acting: Acting): Promise<UserResponse> {
    return this.change('user.disable', username, caller, acting, (tx, user) => {
      if (user.id === caller.principalId) {
        throw new DomainError(
          'CONFLICT',
          'You cannot disable yourself. Ask another administrator.',
        );
      }
      return this.auth.users.disable(tx, user);
    });
  }

  enable(username: string, caller: Principal, acting: Acting): Promise<UserResponse> {
    return this.change('user.enable', username, caller, acting, (tx, user) =>
      this.auth.users.enable(tx, user),
    );
  }

  async roles(): Promise<RoleList> {
    return { data: await rolesRepository.list(this.database.db) };
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's user */
  async find(tx: Transaction, username: string, caller: Principal): Promise<UserRow> {
    const user = await usersRepository.byName(tx, username.toLowerCase());
    const scope = tenantScope(caller);
    if (user === null || (scope !== null && user.tenantId !== scope)) {
      throw new DomainError('NOT_FOUND', 'There is no such user.');
    }
    return user;
  }

  private async change(
    action: string,
    username: string,
    caller: Principal,
    acting: Acting,
    work: (tx: Transaction, user: UserRow) => Promise<EndedAccess>,
  ): Promise<UserResponse> {
    const user = await this.database.transaction((tx) => this.find(tx, username, caller));
    const object = { kind: 'user', id: user.id };
    const ended = await this.acts.perform(acting, { action, object }, async (tx) => {
      // Whoever may change a user could otherwise sign in as one who may do more.
      await this.assertMayGiveRoles(tx, caller, user.roles);
      return work(tx, user);
    });
    await this.auth.announce(ended);
    return this.get(username, caller);
  }

  private async assertMayGiveRoles(
    tx: Transaction,
    caller: Principal,
    roles: readonly string[],
  ): Promise<void> {
    assertMayGrant(caller, await rolesRepository.permissionsOf(tx, roles));
  }

  private toResponse(user: UserRow): UserResponse {
    return {
      id: user.id,
      tenant_id: user.tenantId,
      username: user.username,
      email: this.auth.users.emailOf(user),
      roles: user.roles,
      disabled: user.disabledAt !== null,
      locked_until: user.lockedUntil?.toISOString() ?? null,
      last_login_at: user.lastLoginAt?.toISOString() ?? null,
      created_at: user.createdAt.toISOString(),
    };
  }
}

/**
 * The tenant that something is made in.
 * @throws DomainError NOT_FOUND for a tenant that is none of the caller's
 */
export function tenantFor(caller: Principal, asked: string | undefined): string {
  const scope = tenantScope(caller);
  if (asked === undefined) return caller.tenantId;
  if (scope === null || asked === scope) return asked;
  throw new DomainError('NOT_FOUND', 'There is no such tenant.');
}
