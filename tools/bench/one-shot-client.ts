import { Client } from 'undici';
import { REQUEST_HEADERS } from './request-headers.js';

export interface Reply {
  readonly status: number;
  /** Milliseconds from sending to the end of the answer. */
  readonly latency: number;
}

/** More than any queue under test holds; beyond it requests wait here, on the clock. */
const MAX_CONNECTIONS = 8000;
/** Longer than the server's own deadline of 30 s: whoever has not answered by then will not. */
const ANSWER_TIMEOUT_MS = 40_000;

/**
 * Sends any number of requests at once, each alone on a kept-alive connection.
 * A free connection is found in constant time and bodies are dropped unread,
 * since the client shares its processor with the server.
 */
export class OneShotClient {
  private readonly free: Client[] = [];
  private readonly all: Client[] = [];
  private readonly held: (() => void)[] = [];

  constructor(private readonly origin: string) {}

  send(
    method: 'GET' | 'POST',
    path: string,
    body: string | null,
    done: (reply: Reply | null) => void,
  ): void {
    const start = performance.now();
    this.withConnection((client) => {
      let status = 0;
      let settled = false;
      const settle = (reply: Reply | null): void => {
        if (settled) return;
        settled = true;
        this.release(client);
        done(reply);
      };
      client.dispatch(
        { method, path, body, headers: REQUEST_HEADERS },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: () => undefined,
          onResponseEnd: () => settle({ status, latency: performance.now() - start }),
          onResponseError: () => settle(null),
        },
      );
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((client) => client.destroy()));
  }

  private withConnection(use: (client: Client) => void): void {
    const free = this.free.pop();
    if (free) use(free);
    else if (this.all.length < MAX_CONNECTIONS) use(this.connect());
    else this.held.push(() => this.withConnection(use));
  }

  private connect(): Client {
    const client = new Client(this.origin, {
      pipelining: 1,
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
      keepAliveTimeout: 60_000,
    });
    this.all.push(client);
    return client;
  }

  private release(client: Client): void {
    this.free.push(client);
    this.held.shift()?.();
  }
}
