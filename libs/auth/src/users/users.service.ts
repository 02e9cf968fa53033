import { createHash } from 'node:crypto';
import { DomainError, invalidField, newId } from '@app/common';
import type { Transaction } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import { apiKeysRepository } from '../keys/api-keys.repository.js';
import { tenantsRepository } from '../tenants/tenants.repository.js';
import { NOTHING_ENDED, type EndedAccess } from '../tokens/ended-access.js';
import type { RefreshTokens } from '../tokens/refresh-tokens.js';
import { checkPassword, hashPassword, newPassword } from './password.js';
import { rolesRepository } from './roles.repository.js';
import { usersRepository, type UserRow } from './users.repository.js';

export interface UserRequest {
  readonly tenantId: string;
  readonly username: string;
  readonly password: string;
  readonly email: string | null;
  readonly roles: readonly string[];
}

export interface ProviderUser {
  readonly tenantId: string;
  readonly issuer: string;
  readonly subject: string;
  readonly preferredName: string | null;
  readonly email: string | null;
  readonly roles: readonly string[];
}

/** As /admin/users takes them, in lower case. */
const USERNAME = /^[a-z0-9._@-]{2,64}$/;

/** Creates and changes users. Acts on a caller's transaction, so that it is audited in the same one. */
export class UsersService {
  constructor(
    private readonly cipher: FieldCipher,
    private readonly tokens: RefreshTokens,
  ) {}

  /** @throws DomainError VALIDATION_ERROR, NOT_FOUND for an unknown tenant, CONFLICT when the name is taken */
  async create(tx: Transaction, request: UserRequest): Promise<UserRow> {
    const username = request.username.toLowerCase();
    checkPassword(request.password, username);
    await this.checkRoles(tx, request.roles);
    if ((await tenantsRepository.byId(tx, request.tenantId)) === null) {
      throw new DomainError('NOT_FOUND', 'There is no such tenant. Create it first.');
    }
    const id = newId();
    const created = await usersRepository.insert(tx, {
      id,
      tenantId: request.tenantId,
      username,
      email: request.email === null ? null : this.cipher.encrypt(emailOf(id), request.email),
      passwordHash: await hashPassword(request.password),
      roles: [...request.roles],
    });
    if (!created) {
      throw new DomainError('CONFLICT', 'The user name is taken. Choose another one.');
    }
    return this.find(tx, null, id);
  }

  /**
   * A user whom an identity provider vouches for: without a password, and
   * linked to nobody who was here before, whatever their name or address.
   */
  async createFromProvider(
    tx: Transaction,
    { tenantId, issuer, subject, preferredName, email, roles }: ProviderUser,
  ): Promise<UserRow> {
    const id = newId();
    const wished = preferredName?.toLowerCase() ?? '';
    const identity = createHash('sha256').update(JSON.stringify([issuer, subject]));
    const ownName = `oidc-${identity.digest('hex').slice(0, 16)}`;
    const user = {
      id,
      tenantId,
      email: email === null ? null : this.cipher.encrypt(emailOf(id), email),
      passwordHash: null,
      roles: [...roles],
    };
    const created =
      (USERNAME.test(wished) &&
        (await usersRepository.insert(tx, { ...user, username: wished }))) ||
      (await usersRepository.insert(tx, { ...user, username: ownName }));
    if (!created) throw new DomainError('CONFLICT', 'No user name could be found for this user.');
    return this.find(tx, null, id);
  }

  /** Makes sure that there is somebody who can administer. @returns the password it made, if it made one */
  async ensureAdmin(
    tx: Transaction,
    tenantId: string,
    given: string | null,
  ): Promise<string | null> {
    if ((await usersRepository.count(tx, null)) > 0) return null;
    const password = given ?? newPassword();
    await usersRepository.insert(tx, {
      id: newId(),
      tenantId,
      username: 'admin',
      passwordHash: await hashPassword(password),
      roles: ['admin'],
    });
    return given === null ? password : null;
  }

  /** @throws DomainError NOT_FOUND, also for another tenant's user */
  async find(tx: Transaction, tenantId: string | null, id: string): Promise<UserRow> {
    const user = await usersRepository.byId(tx, id);
    if (user === null || (tenantId !== null && user.tenantId !== tenantId)) {
      throw new DomainError('NOT_FOUND', 'There is no such user.');
    }
    return user;
  }

  emailOf(user: UserRow): string | null {
    return user.email === null ? null : this.cipher.decrypt(emailOf(user.id), user.email);
  }

  /** A new password ends every sign-in. */
  async resetPassword(tx: Transaction, user: UserRow, password: string): Promise<EndedAccess> {
    assertOwn(user);
    checkPassword(password, user.username);
    await usersRepository.update(tx, user.id, {
      passwordHash: await hashPassword(password),
      passwordChangedAt: new Date(),
      failedLogins: 0,
      lockedUntil: null,
    });
    return { sessions: await this.tokens.revokeAll(tx, user.id, 'password'), keys: [] };
  }

  /** What the user may do changes with their next sign-in, so the present ones end. */
  async changeRoles(
    tx: Transaction,
    user: UserRow,
    roles: readonly string[],
  ): Promise<EndedAccess> {
    assertOwn(user);
    await this.checkRoles(tx, roles);
    return this.takeOverRoles(tx, user, roles);
  }

  /** As `changeRoles`, for roles that an identity provider gives. */
  async takeOverRoles(
    tx: Transaction,
    user: UserRow,
    roles: readonly string[],
  ): Promise<EndedAccess> {
    await usersRepository.update(tx, user.id, { roles: [...roles] });
    return { sessions: await this.tokens.revokeAll(tx, user.id, 'password'), keys: [] };
  }

  /** Nobody gets in with the user's password, sign-ins or keys any more. */
  async disable(tx: Transaction, user: UserRow): Promise<EndedAccess> {
    await usersRepository.update(tx, user.id, { disabledAt: new Date() });
    return {
      sessions: await this.tokens.revokeAll(tx, user.id, 'disabled'),
      keys: await apiKeysRepository.revokeOfUser(tx, user.id),
    };
  }

  /** The user may sign in again; keys that were revoked stay so. */
  async enable(tx: Transaction, user: UserRow): Promise<EndedAccess> {
    await usersRepository.update(tx, user.id, {
      disabledAt: null,
      failedLogins: 0,
      lockedUntil: null,
    });
    return NOTHING_ENDED;
  }

  private async checkRoles(tx: Transaction, names: readonly string[]): Promise<void> {
    const [unknown] = await rolesRepository.unknown(tx, names);
    if (unknown === undefined) return;
    const known = (await rolesRepository.list(tx)).map(({ name }) => name);
    throw invalidField('roles', 'unknown', `A role must be one of ${known.join(', ')}.`);
  }
}

/** What an identity provider says of a user is for nobody here to change. */
function assertOwn({ passwordHash }: UserRow): void {
  if (passwordHash !== null) return;
  throw new DomainError(
    'CONFLICT',
    'This user signs in through the identity provider, which gives password and roles. Change them there, or disable the user here.',
  );
}

function emailOf(id: string) {
  return { table: 'users', column: 'email', row: id };
}
