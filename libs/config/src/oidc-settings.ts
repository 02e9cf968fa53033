import { isLoopback } from './access-rule.js';
import type { Environment } from './environment.schema.js';
import { roleRules } from './value-forms.js';

/** The identity provider whose users may sign in. */
export interface OidcConfig {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scopes: string;
  readonly redirectUri: string;
  readonly roleClaim: string;
  readonly roleMap: readonly { readonly value: string; readonly role: string }[];
  readonly tenantId: string;
}

/** Null without OIDC_ISSUER. What is missing beside it goes to `problems`. */
export function oidcSettings(env: Environment, problems: string[]): OidcConfig | null {
  const { OIDC_ISSUER: issuer, OIDC_CLIENT_ID: clientId, OIDC_ROLE_MAP: map, PUBLIC_URL } = env;
  if (issuer === undefined) {
    for (const name of ['OIDC_CLIENT_ID', 'OIDC_CLIENT_SECRET', 'OIDC_ROLE_MAP'] as const) {
      if (env[name] !== undefined) problems.push(`${name}: means nothing without OIDC_ISSUER`);
    }
    return null;
  }
  if (clientId === undefined) problems.push('OIDC_CLIENT_ID: is needed with OIDC_ISSUER');
  if (map === undefined) {
    problems.push('OIDC_ROLE_MAP: is needed with OIDC_ISSUER; nobody would have a role');
  }
  if (PUBLIC_URL === undefined) {
    problems.push('PUBLIC_URL: is needed with OIDC_ISSUER; the provider sends browsers back there');
  } else {
    httpsOrLoopback('PUBLIC_URL', PUBLIC_URL, problems);
  }
  httpsOrLoopback('OIDC_ISSUER', issuer, problems);
  const scopes = env.OIDC_SCOPES.split(/\s+/);
  if (!scopes.includes('openid')) problems.push('OIDC_SCOPES: must contain openid');
  return {
    issuer,
    clientId: clientId ?? '',
    clientSecret: env.OIDC_CLIENT_SECRET ?? null,
    scopes: scopes.join(' '),
    redirectUri: `${PUBLIC_URL?.replace(/\/+$/, '') ?? ''}/auth/oidc/callback`,
    roleClaim: env.OIDC_ROLE_CLAIM,
    roleMap: roleRules(map ?? '') ?? [],
    tenantId: env.OIDC_TENANT,
  };
}

/** Codes, cookies and secrets must not cross a network in the clear. */
function httpsOrLoopback(name: string, url: string, problems: string[]): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === 'https:' || isLoopback(hostname)) return;
  problems.push(`${name}: must be https for sign-in through OIDC_ISSUER, except on loopback`);
}
