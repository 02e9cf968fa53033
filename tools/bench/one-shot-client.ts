import { Client } from 'undici';
import { REQUEST_HEADERS } from './request-headers.js';

export interface Reply {
  readonly status: number;
  /** Milliseconds from sending to the end of the answer. */
  readonly latency: number;
}

export interface OneShotRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body: string | null;
}

/** More than any queue under test holds; beyond it requests wait here, on the clock. */
const MAX_CONNECTIONS = 8000;
/** As many connections are opened at a time: a burst would overflow the listener's backlog. */
const OPENING = 50;
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
  private readonly held: ((client: Client) => void)[] = [];

  constructor(private readonly origin: string) {}

  /** Opens connections by a request on each, so that a load does not begin with opening them. */
  async open(connections: number, request: OneShotRequest): Promise<void> {
    for (let opened = 0; opened < connections; opened += OPENING) {
      const group = Array.from({ length: Math.min(OPENING, connections - opened) }, () =>
        this.connect(),
      );
      await Promise.all(
        group.map(
          (client) =>
            new Promise<void>((resolve) =>
              this.sendOn(client, request, performance.now(), () => resolve()),
            ),
        ),
      );
    }
  }

  /** `done` gets the reply, or why there is none. */
  send(request: OneShotRequest, done: (reply: Reply | Error) => void): void {
    const start = performance.now();
    const use = (client: Client): void => this.sendOn(client, request, start, done);
    const client =
      this.free.pop() ?? (this.all.length < MAX_CONNECTIONS ? this.connect() : undefined);
    if (client) use(client);
    else this.held.push(use);
  }

  async close(): Promise<void> {
    await Promise.all(this.all.map((client) => client.destroy()));
  }

  private sendOn(
    client: Client,
    { method, path, body }: OneShotRequest,
    start: number,
    done: (reply: Reply | Error) => void,
  ): void {
    let status = 0;
    let settled = false;
    const settle = (reply: Reply | Error): void => {
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
        onResponseError: (_controller, error) => settle(error),
      },
    );
  }

  private connect(): Client {
    const client = new Client(this.origin, {
      pipelining: 1,
      connect: { timeout: ANSWER_TIMEOUT_MS },
      headersTimeout: ANSWER_TIMEOUT_MS,
      bodyTimeout: ANSWER_TIMEOUT_MS,
    });
    this.all.push(client);
    return client;
  }

  private release(client: Client): void {
    const next = this.held.shift();
    if (next) next(client);
    else this.free.push(client);
  }
}
