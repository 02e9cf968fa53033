export { Authenticator } from './authenticator.js';
export { apiKeysRepository, type ApiKeyRow } from './keys/api-keys.repository.js';
export { ApiKeysService, type ApiKeyRequest, type IssuedKey } from './keys/api-keys.service.js';
export { isWellFormedKey, newApiKey } from './keys/api-key-format.js';
export type { KeyLimits } from './auth.schema.js';
export { Auth, type AuthOptions } from './auth.js';
export type { OidcOptions, RoleRule } from './oidc/oidc-options.js';
export {
  OidcSignInService,
  type BegunSignIn,
  type Entrance,
  type ReturnedSignIn,
} from './oidc/oidc-sign-in.service.js';
export { ATTEMPT_SECONDS } from './oidc/sign-in-attempt.js';
export {
  ALL_PERMISSIONS,
  BUILT_IN_ROLES,
  ORDINARY_PERMISSIONS,
  PERMISSIONS,
  type Permission,
} from './permissions.js';
export { ANONYMOUS, DEFAULT_TENANT, OPERATOR_KEY, type Principal } from './principal.js';
export { tenantsRepository, type TenantRow } from './tenants/tenants.repository.js';
export { tenantScope } from './tenants/tenant-scope.js';
export { TenantsService } from './tenants/tenants.service.js';
export { limitsOf, TIER_LIMITS, TIER_WEIGHTS, TIERS, type Limits, type Tier } from './tiers.js';
export { NOTHING_ENDED, type EndedAccess } from './tokens/ended-access.js';
export { RefreshTokens } from './tokens/refresh-tokens.js';
export { rolesRepository } from './users/roles.repository.js';
export {
  SignInService,
  type CheckedPassword,
  type StartedSession,
  type TokenPair,
} from './users/sign-in.service.js';
export { usersRepository, type UserRow } from './users/users.repository.js';
export { UsersService, type UserRequest } from './users/users.service.js';
export {
  ITEMS_DAY,
  LIMIT_KINDS,
  REQUEST_KINDS,
  REQUESTS_DAY,
  REQUESTS_HOUR,
  REQUESTS_MINUTE,
  TOKENS_DAY,
  type LimitKind,
} from './limits/limit-kinds.js';
export type { Admission, Refusal, Standing, SubjectUsage } from './limits/limit-storage.js';
export { RateLimits, type RateLimitsOptions } from './limits/rate-limits.js';
export { refusalError } from './limits/refusal-error.js';
export { TenantWeights } from './limits/tenant-weights.js';
