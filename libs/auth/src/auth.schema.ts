import {
  bigint,
  customType,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  timestamp,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core';

const bytea = customType<{ data: Buffer }>({ dataType: () => 'bytea' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** An organisation: every stored row of its users, keys and jobs carries its id. */
export const tenants = pgTable('tenants', {
  /** `default`, or a UUID. */
  id: text('id').primaryKey(),
  name: text('name').notNull().unique(),
  /** Tier of its keys and users unless they have one of their own. */
  tier: text('tier').notNull(),
  /** Share in the scheduler, relative to other tenants. */
  weight: integer('weight').notNull().default(1),
  disabledAt: time('disabled_at'),
  createdAt: time('created_at').notNull().defaultNow(),
});

/** A named set of permissions; users hold roles, keys hold permissions. */
export const roles = pgTable('roles', {
  name: text('name').primaryKey(),
  description: text('description').notNull(),
  permissions: text('permissions').array().notNull(),
});

export const users = pgTable(
  'users',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    /** Lower case; unique over all tenants, since sign-in names no tenant. */
    username: text('username').notNull().unique(),
    /** Encrypted envelope (@app/encryption). */
    email: text('email'),
    /** Argon2id in PHC form; null for users who sign in through an identity provider. */
    passwordHash: text('password_hash'),
    roles: text('roles').array().notNull(),
    failedLogins: integer('failed_logins').notNull().default(0),
    lockedUntil: time('locked_until'),
    disabledAt: time('disabled_at'),
    /** Tokens issued before this are refused. */
    tokensValidFrom: time('tokens_valid_from').notNull().defaultNow(),
    passwordChangedAt: time('password_changed_at').notNull().defaultNow(),
    lastLoginAt: time('last_login_at'),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [index('users_tenant').on(table.tenantId, table.id)],
);

/** Which user somebody is whom an identity provider vouches for. */
export const oidcIdentities = pgTable(
  'oidc_identities',
  {
    issuer: text('issuer').notNull(),
    /** The provider's own id of the person, never used again for another. */
    subject: text('subject').notNull(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    primaryKey({ columns: [table.issuer, table.subject] }),
    index('oidc_identities_user').on(table.userId),
  ],
);

/** Limits of one key that differ from its tier's. Absent: the tier's; null: unlimited. */
export interface KeyLimits {
  readonly perMinute?: number | null;
  readonly perHour?: number | null;
  readonly perDay?: number | null;
  readonly concurrent?: number | null;
  readonly itemsPerDay?: number | null;
  readonly tokensPerDay?: number | null;
}

export const apiKeys = pgTable(
  'api_keys',
  {
    id: uuid('id').primaryKey(),
    tenantId: text('tenant_id')
      .notNull()
      .references(() => tenants.id),
    userId: uuid('user_id').references(() => users.id),
    name: text('name').notNull(),
    /** The first characters, for people to tell keys apart. */
    prefix: text('prefix').notNull(),
    /** SHA-256 of the whole key: 256 random bits need no slow hash. */
    hash: bytea('hash').notNull(),
    tier: text('tier').notNull(),
    permissions: text('permissions').array().notNull(),
    limits: jsonb('limits').$type<KeyLimits>(),
    expiresAt: time('expires_at'),
    revokedAt: time('revoked_at'),
    /** The key that takes this one's place; this one lives on until `expiresAt`. */
    replacedBy: uuid('replaced_by'),
    lastUsedAt: time('last_used_at'),
    createdBy: text('created_by').notNull(),
    createdAt: time('created_at').notNull().defaultNow(),
  },
  (table) => [
    uniqueIndex('api_keys_hash').on(table.hash),
    index('api_keys_tenant').on(table.tenantId, table.id),
  ],
);

/** One sign-in: every refresh token that descends from it. */
export const tokenFamilies = pgTable(
  'token_families',
  {
    /** Also the session id in access tokens and the audit log. */
    id: uuid('id').primaryKey(),
    userId: uuid('user_id')
      .notNull()
      .references(() => users.id),
    createdAt: time('created_at').notNull().defaultNow(),
    /** No refresh extends a sign-in beyond this. */
    expiresAt: time('expires_at').notNull(),
    revokedAt: time('revoked_at'),
    /** `logout`, `logout_all`, `reuse`, `password`, `disabled`. */
    revokedFor: text('revoked_for'),
  },
  (table) => [index('token_families_user').on(table.userId)],
);

export const refreshTokens = pgTable(
  'refresh_tokens',
  {
    /** SHA-256 of the token. */
    hash: bytea('hash').primaryKey(),
    familyId: uuid('family_id')
      .notNull()
      .references(() => tokenFamilies.id, { onDelete: 'cascade' }),
    createdAt: time('created_at').notNull().defaultNow(),
    expiresAt: time('expires_at').notNull(),
    usedAt: time('used_at'),
    /** What it was exchanged for. */
    successorHash: bytea('successor_hash'),
  },
  (table) => [index('refresh_tokens_family').on(table.familyId)],
);

/** Keys that sign access tokens. Public parts outlive the last token signed. */
export const signingKeys = pgTable('signing_keys', {
  kid: text('kid').primaryKey(),
  /** JWK members of the Ed25519 public key. */
  publicJwk: jsonb('public_jwk').$type<Record<string, string>>().notNull(),
  /** Encrypted envelope of the private JWK. */
  privateJwk: text('private_jwk').notNull(),
  createdAt: time('created_at').notNull().defaultNow(),
  /** When a newer one took its place. Instances that have not heard sign with it for a while yet. */
  retiredAt: time('retired_at'),
});

/** What has been used of a day's or an hour's quota: flushed about once a second. */
export const quotas = pgTable(
  'quotas',
  {
    /** Key id, user id or tenant id, with its kind in front: `key:…`. */
    subject: text('subject').notNull(),
    /** `requests_minute`, `requests_day`, `items_day`, `tokens_day`, … */
    kind: text('kind').notNull(),
    windowStart: time('window_start').notNull(),
    used: bigint('used', { mode: 'number' }).notNull(),
  },
  (table) => [primaryKey({ columns: [table.subject, table.kind, table.windowStart] })],
);
