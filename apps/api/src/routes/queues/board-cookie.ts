import type { EdgeRequest, EdgeResponse } from '../../http/adapter/exchange.js';
import type { BoardPlace } from './board-place.js';

/** An access token. */
const VALUE = /^[\w.-]{1,3500}$/;

/**
 * Keeps the access token of who signed in at the board, so that the password, which the
 * browser sends every time, is checked only when the token has run out. Of no use anywhere
 * else, and not sent along by what other sites lead to.
 */
export class BoardCookie {
  private readonly name: string;
  private readonly attributes: string;

  constructor({ path, secure }: BoardPlace) {
    // The prefix makes browsers refuse one that was set over HTTP.
    this.name = secure ? '__Secure-clinserve-queues' : 'clinserve-queues';
    this.attributes = `Path=${path}; HttpOnly; SameSite=Strict${secure ? '; Secure' : ''}`;
  }

  read(request: EdgeRequest): string | null {
    for (const pair of request.headers.cookie?.split(';') ?? []) {
      const [name, value] = pair.trim().split('=', 2);
      if (name === this.name && value !== undefined && VALUE.test(value)) return value;
    }
    return null;
  }

  set(response: EdgeResponse, token: string, seconds: number): void {
    response.setHeader(
      'Set-Cookie',
      `${this.name}=${token}; Max-Age=${seconds}; ${this.attributes}`,
    );
  }
}
