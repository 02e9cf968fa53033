import { DomainError } from '@app/common';
import { errors, jwtVerify, SignJWT } from 'jose';
import type { SigningKeyRing } from './signing-key-ring.js';
import { ACCESS_TOKEN_SECONDS } from './token-lifetimes.js';

const ALGORITHM = 'EdDSA';
const ISSUER = 'clinserve';
const AUDIENCE = 'clinserve-api';
/** RFC 9068: keeps tokens made for another purpose out. */
const TYPE = 'at+jwt';
/** Clocks of two instances may differ by so much. */
const CLOCK_TOLERANCE_SECONDS = 5;

/** What an access token says of its bearer. */
export interface AccessClaims {
  readonly userId: string;
  readonly tenantId: string;
  /** The sign-in it belongs to. */
  readonly sessionId: string;
  readonly permissions: readonly string[];
  readonly tier: string;
  /** Seconds since 1970. */
  readonly issuedAt: number;
  readonly expiresAt: number;
}

/** Signed with Ed25519; names the key that verifies it. */
export async function signAccessToken(
  keys: SigningKeyRing,
  claims: Omit<AccessClaims, 'issuedAt' | 'expiresAt'>,
  now = Date.now(),
): Promise<string> {
  const { kid, privateKey } = await keys.current();
  const issuedAt = Math.floor(now / 1000);
  return new SignJWT({
    tid: claims.tenantId,
    sid: claims.sessionId,
    tier: claims.tier,
    permissions: claims.permissions,
  })
    .setProtectedHeader({ alg: ALGORITHM, kid, typ: TYPE })
    .setSubject(claims.userId)
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + ACCESS_TOKEN_SECONDS)
    .sign(privateKey);
}

/** @throws DomainError TOKEN_EXPIRED, or UNAUTHENTICATED for anything else that is wrong */
export async function verifyAccessToken(
  keys: SigningKeyRing,
  token: string,
): Promise<AccessClaims> {
  try {
    const { payload } = await jwtVerify(token, ({ kid }) => keys.verificationKey(kid), {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      audience: AUDIENCE,
      typ: TYPE,
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      requiredClaims: ['sub', 'iat', 'exp', 'sid', 'tid', 'tier', 'permissions'],
    });
    return {
      userId: String(payload.sub),
      tenantId: String(payload['tid']),
      sessionId: String(payload['sid']),
      permissions: payload['permissions'] as string[],
      tier: String(payload['tier']),
      issuedAt: Number(payload.iat),
      expiresAt: Number(payload.exp),
    };
  } catch (error) {
    if (error instanceof errors.JWTExpired) {
      throw new DomainError(
        'TOKEN_EXPIRED',
        'The access token has expired. Get a new one from /auth/refresh.',
      );
    }
    if (error instanceof errors.JOSEError || error instanceof TypeError) {
      throw new DomainError(
        'UNAUTHENTICATED',
        'The access token is not valid. Sign in again at /auth/login.',
      );
    }
    throw error;
  }
}
