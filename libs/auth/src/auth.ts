import type { Database } from '@app/database';
import type { FieldCipher } from '@app/encryption';
import type { Signals } from '@app/signals';
import { Authenticator } from './authenticator.js';
import { ApiKeyCache } from './keys/api-key-cache.js';
import { ApiKeysService } from './keys/api-keys.service.js';
import type { OidcOptions } from './oidc/oidc-options.js';
import { OidcSignInService } from './oidc/oidc-sign-in.service.js';
import { DEFAULT_TENANT } from './principal.js';
import { TenantsService } from './tenants/tenants.service.js';
import { tenantsRepository } from './tenants/tenants.repository.js';
import { announceEnded, type EndedAccess } from './tokens/ended-access.js';
import { AccessRevocations } from './tokens/access-revocations.js';
import { RefreshTokens } from './tokens/refresh-tokens.js';
import { SigningKeyRing } from './tokens/signing-key-ring.js';
import { KEYS_READ_EVERY_MS } from './tokens/token-lifetimes.js';
import { rolesRepository } from './users/roles.repository.js';
import { SignInService } from './users/sign-in.service.js';
import { UsersService } from './users/users.service.js';
import { WorkSlots } from './users/work-slots.js';

/** Password checks at once: each takes 19 MiB and a core for about 20 ms. */
const PASSWORD_SLOTS = 2;
const PASSWORDS_WAITING = 64;

export interface AuthOptions {
  readonly database: Database;
  readonly cipher: FieldCipher;
  /** Not yet open: what it delivers is subscribed to here. */
  readonly signals: Signals;
  /** A key that is valid without being stored; null for none. */
  readonly operatorKey: string | null;
  /** For the first user; null to make one. */
  readonly adminPassword: string | null;
  /** Null when nobody signs in through an identity provider. */
  readonly oidc: OidcOptions | null;
  readonly onError: (error: unknown) => void;
}

/** Everything that knows who may come in. */
export class Auth {
  readonly signingKeys: SigningKeyRing;
  readonly refreshTokens: RefreshTokens;
  readonly authenticator: Authenticator;
  readonly signIn: SignInService;
  /** Null unless there is an identity provider. */
  readonly oidc: OidcSignInService | null;
  readonly users: UsersService;
  readonly apiKeys: ApiKeysService;
  readonly tenants: TenantsService;
  /** What the first administrator signs in with, when it was made at this start. */
  firstPassword: string | null = null;

  private readonly keyCache: ApiKeyCache;
  private readonly revocations: AccessRevocations;
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly options: AuthOptions) {
    const { database, cipher, signals, onError } = options;
    this.signingKeys = new SigningKeyRing(database, cipher);
    this.refreshTokens = new RefreshTokens(database, cipher);
    this.revocations = new AccessRevocations(database, signals);
    this.keyCache = new ApiKeyCache(database, signals, onError);
    this.authenticator = new Authenticator(
      this.keyCache,
      this.signingKeys,
      this.revocations,
      options.operatorKey,
    );
    this.signIn = new SignInService(
      database,
      this.signingKeys,
      this.refreshTokens,
      this.revocations,
      new WorkSlots(PASSWORD_SLOTS, PASSWORDS_WAITING),
    );
    this.users = new UsersService(cipher, this.refreshTokens);
    this.oidc =
      options.oidc === null
        ? null
        : new OidcSignInService(options.oidc, cipher, this.users, this.signIn, onError);
    this.apiKeys = new ApiKeysService();
    this.tenants = new TenantsService(this.refreshTokens);
  }

  /** Writes what every installation has, and reads what requests must not wait for. */
  async open(): Promise<void> {
    const { database, adminPassword } = this.options;
    this.firstPassword = await database.transaction(async (tx) => {
      await tenantsRepository.seed(tx);
      await rolesRepository.seed(tx);
      return this.users.ensureAdmin(tx, DEFAULT_TENANT, adminPassword);
    });
    await this.oidc?.assertOptions(database.db);
    await this.signingKeys.open();
    await this.revocations.open();
    this.keyCache.open();
    this.timer = setInterval(() => void this.housekeeping(), KEYS_READ_EVERY_MS);
    this.timer.unref();
  }

  /** Makes every instance refuse what a transaction has ended. */
  announce(ended: EndedAccess): Promise<void> {
    return announceEnded(ended, this.revocations, this.keyCache);
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer);
    await this.keyCache.close();
  }

  private async housekeeping(): Promise<void> {
    try {
      await this.signingKeys.open();
      await this.refreshTokens.removeOld();
    } catch (error) {
      this.options.onError(error);
    }
  }
}
