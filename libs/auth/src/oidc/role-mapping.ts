import type { OidcOptions } from './oidc-options.js';

type Claims = Readonly<Record<string, unknown>>;

/** The roles that a provider's claims give here, in the order of the rules, each once. */
export function rolesOf(
  claims: Claims,
  { roleClaim, roleMap }: Pick<OidcOptions, 'roleClaim' | 'roleMap'>,
): string[] {
  const values = textsIn(claimAt(claims, roleClaim));
  const given = roleMap.filter(({ value }) => value === '*' || values.has(value));
  return [...new Set(given.map(({ role }) => role))];
}

/** A claim by its name, else by a path of names; names of claims may hold dots themselves. */
export function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let found: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part))
      return undefined;
    found = (found as Claims)[part];
  }
  return found;
}

/** Providers give a list, or one text that may hold several values between spaces. */
function textsIn(claim: unknown): ReadonlySet<string> {
  if (typeof claim === 'string') return new Set([claim, ...claim.split(' ')]);
  if (!Array.isArray(claim)) return new Set();
  return new Set(claim.filter((value) => typeof value === 'string'));
}
