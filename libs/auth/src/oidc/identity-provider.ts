import { DomainError } from '@app/common';
import * as client from 'openid-client';
import type { OidcOptions } from './oidc-options.js';
import { providerAway, ProviderMetadata } from './provider-metadata.js';
import { claimAt, rolesOf } from './role-mapping.js';
import type { SignInAttempt } from './sign-in-attempt.js';

/** For each request to the provider. */
const TIMEOUT_SECONDS = 5;
const RETRY_AFTER_SECONDS = 5;

/** Failures of the provider rather than of what a browser brought back from it. */
const PROVIDER_AT_FAULT: ReadonlySet<string | undefined> = new Set([
  'OAUTH_TIMEOUT',
  'OAUTH_ABORT',
  'OAUTH_PARSE_ERROR',
  'OAUTH_RESPONSE_IS_NOT_CONFORM',
  'OAUTH_RESPONSE_IS_NOT_JSON',
]);

/** Who signed in, as the provider vouches for it. */
export interface VerifiedIdentity {
  readonly issuer: string;
  readonly subject: string;
  /** What they call themselves; anybody may choose anything, so that nothing is linked by it. */
  readonly preferredName: string | null;
  /** Only if the provider has verified it. */
  readonly email: string | null;
  /** Those of our roles that the provider's claims give. */
  readonly roles: readonly string[];
}

/** The OpenID provider, by authorization code with PKCE, state and nonce. */
export class IdentityProvider {
  private readonly metadata: ProviderMetadata<client.Configuration>;

  constructor(
    private readonly options: OidcOptions,
    private readonly onFailure: (error: unknown) => void,
  ) {
    this.metadata = new ProviderMetadata(
      () => this.discover(),
      (error) => this.onFailure(reasonOf(error)),
    );
  }

  /** Where to send the browser. @throws DomainError SERVICE_UNAVAILABLE */
  async authorizationUrl({ state, nonce, codeVerifier }: SignInAttempt): Promise<string> {
    const config = await this.metadata.get();
    return client.buildAuthorizationUrl(config, {
      redirect_uri: this.options.redirectUri,
      scope: this.options.scopes,
      code_challenge: await client.calculatePKCECodeChallenge(codeVerifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    }).href;
  }

  /**
   * Redeems what the browser brought back.
   * @param query of the callback's URL, without `?`
   * @throws DomainError UNAUTHENTICATED when anything about it is wrong, SERVICE_UNAVAILABLE
   */
  async redeem(query: string, attempt: SignInAttempt): Promise<VerifiedIdentity> {
    const config = await this.metadata.get();
    try {
      const tokens = await client.authorizationCodeGrant(
        config,
        new URL(`${this.options.redirectUri}?${query}`),
        {
          expectedState: attempt.state,
          expectedNonce: attempt.nonce,
          pkceCodeVerifier: attempt.codeVerifier,
          idTokenExpected: true,
        },
      );
      return await this.identityOf(config, tokens);
    } catch (error) {
      throw this.translate(error);
    }
  }

  private async discover(): Promise<client.Configuration> {
    const { issuer, clientId, clientSecret } = this.options;
    const url = new URL(issuer);
    // The configuration admits http for issuers on this machine only.
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- not going away; marked so that it stands out
    const insecure = url.protocol === 'http:' ? [client.allowInsecureRequests] : [];
    return client.discovery(
      url,
      clientId,
      undefined,
      clientSecret === null ? client.None() : clientAuthentication(clientSecret),
      // ID tokens are checked by their signature too, not by the connection they came over alone.
      { execute: [...insecure, client.enableNonRepudiationChecks], timeout: TIMEOUT_SECONDS },
    );
  }

  private async identityOf(
    config: client.Configuration,
    tokens: client.TokenEndpointResponse & client.TokenEndpointResponseHelpers,
  ): Promise<VerifiedIdentity> {
    const idToken = tokens.claims();
    if (idToken === undefined) throw notSignedIn();
    let claims: Readonly<Record<string, unknown>> = idToken;
    // Providers may keep all but the subject for the user info endpoint.
    const lacksRoles = claimAt(claims, this.options.roleClaim) === undefined;
    if (lacksRoles && config.serverMetadata().userinfo_endpoint !== undefined) {
      claims = {
        ...(await client.fetchUserInfo(config, tokens.access_token, idToken.sub)),
        ...idToken,
      };
    }
    return {
      issuer: idToken.iss,
      subject: idToken.sub,
      preferredName: textOf(claims['preferred_username']),
      email: claims['email_verified'] === true ? textOf(claims['email']) : null,
      roles: rolesOf(claims, this.options),
    };
  }

  private translate(error: unknown): unknown {
    if (error instanceof DomainError) return error;
    if (error instanceof client.AuthorizationResponseError) {
      const away = error.error === 'server_error' || error.error === 'temporarily_unavailable';
      return away ? providerAway(RETRY_AFTER_SECONDS) : notSignedIn();
    }
    // Of all answers of the token endpoint this one alone is about the code.
    if (error instanceof client.ResponseBodyError && error.error === 'invalid_grant') {
      return notSignedIn();
    }
    // An operator has to see a wrong clock or client id, which looks to people like any refusal.
    this.onFailure(reasonOf(error));
    if (error instanceof client.ClientError && !PROVIDER_AT_FAULT.has(error.code)) {
      return notSignedIn();
    }
    return providerAway(RETRY_AFTER_SECONDS);
  }
}

/** In the body where the provider takes it there, else in a header, which every provider has to take. */
function clientAuthentication(secret: string): client.ClientAuth {
  const post = client.ClientSecretPost(secret);
  const basic = client.ClientSecretBasic(secret);
  return (server, metadata, body, headers): void => {
    const methods = server.token_endpoint_auth_methods_supported;
    const chosen = methods?.includes('client_secret_post') === true ? post : basic;
    chosen(server, metadata, body, headers);
  };
}

/** For the log: by name and code only, since causes hold answers with tokens and names. */
function reasonOf(error: unknown): Error {
  const { name, code, error: told } = error as { name?: string; code?: string; error?: string };
  const parts = [name, code, told].filter((part) => typeof part === 'string');
  return new Error(`sign-in through the identity provider failed: ${parts.join(' ')}`);
}

function notSignedIn(): DomainError {
  return new DomainError(
    'UNAUTHENTICATED',
    'The identity provider’s answer does not belong to a sign-in that this browser began, was used before, or says no. Begin again at /auth/oidc/login.',
  );
}

function textOf(claim: unknown): string | null {
  return typeof claim === 'string' && claim !== '' ? claim : null;
}
