import { createHash, timingSafeEqual } from 'node:crypto';
import { DomainError } from '@app/common';
import { isKeyLike } from './keys/api-key-format.js';
import type { ApiKeyCache } from './keys/api-key-cache.js';
import { OPERATOR_KEY, type Principal } from './principal.js';
import { isTier, TIER_LIMITS } from './tiers.js';
import type { AccessRevocations } from './tokens/access-revocations.js';
import { verifyAccessToken, type AccessClaims } from './tokens/access-token.js';
import type { SigningKeyRing } from './tokens/signing-key-ring.js';

/** Header and claims of a JWT are base64 of a JSON object. */
const TOKEN_START = 'eyJ';
const LONGEST_CREDENTIAL = 8_192;
/** Verified tokens whose signature need not be checked again. */
const MOST_TOKENS = 5_000;

interface VerifiedToken {
  readonly claims: AccessClaims;
  readonly principal: Principal;
}

/** Tells what a credential stands for: the operator's key, a stored key, or an access token. */
export class Authenticator {
  private readonly operatorKey: Buffer | null;
  private readonly tokens = new Map<string, VerifiedToken>();

  constructor(
    private readonly keys: ApiKeyCache,
    private readonly signingKeys: SigningKeyRing,
    private readonly revocations: AccessRevocations,
    operatorKey: string | null,
  ) {
    this.operatorKey = operatorKey === null ? null : digestOf(operatorKey);
  }

  /** Whether a text is a key or a token of this service's kind, or is to be the operator's key. */
  recognises(credential: string): boolean {
    return this.operatorKey !== null || credential.startsWith(TOKEN_START) || isKeyLike(credential);
  }

  /**
   * @returns a promise only when a database or a signature has to be asked
   * @throws DomainError UNAUTHENTICATED, TOKEN_EXPIRED or TOKEN_REVOKED
   */
  identify(credential: string): Principal | Promise<Principal> {
    if (credential.length > LONGEST_CREDENTIAL) throw invalidKey();
    if (this.operatorKey !== null && timingSafeEqual(digestOf(credential), this.operatorKey)) {
      return OPERATOR_KEY;
    }
    if (credential.startsWith(TOKEN_START)) return this.identifyToken(credential);
    const principal = this.keys.principalOf(credential);
    return principal instanceof Promise ? principal.then(required) : required(principal);
  }

  private identifyToken(token: string): Principal | Promise<Principal> {
    const digest = digestOf(token).toString('latin1');
    const known = this.tokens.get(digest);
    if (known !== undefined && known.claims.expiresAt * 1000 > Date.now()) {
      this.refuseEnded(known.claims);
      return known.principal;
    }
    return this.verify(digest, token);
  }

  private async verify(digest: string, token: string): Promise<Principal> {
    const claims = await verifyAccessToken(this.signingKeys, token);
    this.refuseEnded(claims);
    const principal = principalOf(claims);
    this.tokens.delete(digest);
    this.tokens.set(digest, { claims, principal });
    const oldest = this.tokens.keys().next();
    if (this.tokens.size > MOST_TOKENS && !oldest.done) this.tokens.delete(oldest.value);
    return principal;
  }

  private refuseEnded(claims: AccessClaims): void {
    if (!this.revocations.isEnded(claims)) return;
    throw new DomainError('TOKEN_REVOKED', 'This sign-in has been ended. Sign in again.');
  }
}

function principalOf(claims: AccessClaims): Principal {
  const tier = isTier(claims.tier) ? claims.tier : 'free';
  return {
    kind: 'user',
    tenantId: claims.tenantId,
    principalId: claims.userId,
    tier,
    permissions: new Set(claims.permissions),
    limits: TIER_LIMITS[tier],
    limitSubject: `user:${claims.userId}`,
    sessionId: claims.sessionId,
    keyId: null,
  };
}

function required(principal: Principal | null): Principal {
  if (principal === null) throw invalidKey();
  return principal;
}

function invalidKey(): DomainError {
  return new DomainError(
    'UNAUTHENTICATED',
    'The key is not valid: unknown, revoked or expired. Check it, or ask for a new one.',
  );
}

function digestOf(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
