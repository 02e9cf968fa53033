/** The identity provider whose users may sign in, and what they become here. */
export interface OidcOptions {
  /** As the provider spells it; its metadata and tokens have to name the same. */
  readonly issuer: string;
  readonly clientId: string;
  /** Null for a public client, which PKCE alone protects. */
  readonly clientSecret: string | null;
  /** Separated by spaces; with `openid`. */
  readonly scopes: string;
  /** Our own callback, as registered with the provider. */
  readonly redirectUri: string;
  /** The claim that holds a user's groups or roles: its name, or a path such as `realm_access.roles`. */
  readonly roleClaim: string;
  /** Values of that claim and the roles they give here; `*` gives to everybody. */
  readonly roleMap: readonly RoleRule[];
  /** The tenant that new users belong to. */
  readonly tenantId: string;
}

export interface RoleRule {
  readonly value: string;
  readonly role: string;
}
