import { ATTEMPT_SECONDS } from '@app/auth';
import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';

/** An envelope as the cipher makes it, in no more than a browser keeps. */
const VALUE = /^[\w.-]{1,3500}$/;

/**
 * The cookie that binds a sign-in to the browser that began it. Lax: it has to
 * come along when the provider sends the browser back.
 */
export class SignInCookie {
  private readonly name: string;
  private readonly attributes: string;

  /** @param secure whether browsers reach the service by HTTPS */
  constructor(secure: boolean) {
    // The prefix makes browsers refuse the cookie from a neighbouring host or over HTTP.
    this.name = secure ? '__Host-clinserve-sign-in' : 'clinserve-sign-in';
    this.attributes = `Path=/; HttpOnly; SameSite=Lax${secure ? '; Secure' : ''}`;
  }

  set(response: EdgeResponse, value: string): void {
    this.write(response, value, ATTEMPT_SECONDS);
  }

  /** Reads the cookie and takes it away: an attempt is good for one return. */
  take(request: EdgeRequest, response: EdgeResponse): string | undefined {
    this.write(response, '', 0);
    for (const pair of request.headers.cookie?.split(';') ?? []) {
      const [name, value] = pair.trim().split('=', 2);
      if (name === this.name && value !== undefined && VALUE.test(value)) return value;
    }
    return undefined;
  }

  private write(response: EdgeResponse, value: string, seconds: number): void {
    const cookie = `${this.name}=${value}; Max-Age=${seconds}; ${this.attributes}`;
    response.setHeader('Set-Cookie', cookie);
  }
}
