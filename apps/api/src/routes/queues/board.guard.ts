import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Auth, isWellFormedKey, tenantScope, type Principal } from '@app/auth';
import { DomainError } from '@app/common';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import { basicCredentials, type BasicCredentials } from '../../http/guards/basic-credentials.js';
import { SignInThrottler } from '../../http/guards/sign-in.throttler.js';
import { actingOf } from '../admin/acting.js';
import { AuthService } from '../auth/auth.service.js';
import { BoardCookie } from './board-cookie.js';

/**
 * Lets administrators of the service in, whom their browser asks for user name and password;
 * who has none, as with sign-in through an identity provider, gives an API key for the
 * password. There is no way in without, on loopback neither.
 */
@Injectable()
export class BoardGuard implements CanActivate {
  constructor(
    private readonly auth: Auth,
    private readonly signIn: AuthService,
    private readonly throttler: SignInThrottler,
    private readonly cookie: BoardCookie,
  ) {}

  async canActivate(host: ExecutionContext): Promise<boolean> {
    const [request, response] = host.getArgs<[EdgeRequest, EdgeResponse]>();
    // It is at one address: the cookie is for no other.
    if (request.scope.prefix !== '') throw new DomainError('NOT_FOUND', NOT_HERE);
    const principal = await this.principalOf(host, request, response);
    const { permissions } = principal;
    if (!permissions.has('ops:read') || tenantScope(principal) !== null) {
      throw new DomainError('FORBIDDEN', 'The queues are shown to administrators of the service.');
    }
    request.scope.principal = principal;
    return true;
  }

  private async principalOf(
    host: ExecutionContext,
    request: EdgeRequest,
    response: EdgeResponse,
  ): Promise<Principal> {
    const token = this.cookie.read(request);
    const known = token === null ? null : await this.identified(token);
    if (known !== null) return known;
    try {
      const shown = basicCredentials(request.headers.authorization);
      if (shown === null) {
        const detail = 'User name and password are needed, or an API key in place of the password.';
        throw new DomainError('UNAUTHENTICATED', detail);
      }
      if (isWellFormedKey(shown.password)) {
        return await this.auth.authenticator.identify(shown.password);
      }
      await this.throttler.canActivate(host);
      return await this.signedIn(shown, request, response);
    } catch (error) {
      // With what the browser shows now it would not come in however often it came.
      response.setHeader('WWW-Authenticate', 'Basic realm="Clinserve", charset="UTF-8"');
      throw error;
    }
  }

  private async signedIn(
    credentials: BasicCredentials,
    request: EdgeRequest,
    response: EdgeResponse,
  ): Promise<Principal> {
    const tokens = await this.signIn.logIn(credentials, actingOf(request));
    this.cookie.set(response, tokens.access_token, tokens.expires_in);
    return this.auth.authenticator.identify(tokens.access_token);
  }

  /** Null when the token is over: its sign-in was ended, or its time has come. */
  private async identified(token: string): Promise<Principal | null> {
    try {
      return await this.auth.authenticator.identify(token);
    } catch (error) {
      if (error instanceof DomainError) return null;
      throw error;
    }
  }
}

const NOT_HERE = 'There is nothing at this address. The queues are at /admin/queues.';
