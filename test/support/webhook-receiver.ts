import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TLSSocket } from 'node:tls';
import { Webhook } from 'standardwebhooks';
import { RECEIVER_CERTIFICATE } from './receiver-certificate.js';

export interface Received {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly path: string;
  /** The name that TLS was asked for. */
  readonly servername: string | undefined;
}

export type Answer = (response: ServerResponse, received: Received) => void;

export function answering(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end();
}

/** A real server on loopback that gets webhooks, answers as told, and remembers them. */
export class WebhookReceiver {
  readonly received: Received[] = [];
  answer: Answer = answering(204);
  private server: Server | null = null;

  private constructor(
    private readonly tls: boolean,
    public port = 0,
  ) {}

  static async start({ tls = false } = {}): Promise<WebhookReceiver> {
    const receiver = new WebhookReceiver(tls);
    await receiver.up();
    return receiver;
  }

  get url(): string {
    return `${this.tls ? 'https' : 'http'}://127.0.0.1:${this.port}/hooks`;
  }

  get ids(): (string | undefined)[] {
    return this.received.map(({ headers }) => headers['webhook-id']);
  }

  /** Starts it again, on its port. */
  async up(): Promise<void> {
    const listener = (request: IncomingMessage, response: ServerResponse) =>
      void this.take(request, response);
    this.server = this.tls
      ? createHttpsServer(RECEIVER_CERTIFICATE, listener)
      : createHttpServer(listener);
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
    this.port = (this.server.address() as AddressInfo).port;
  }

  async down(): Promise<void> {
    const { server } = this;
    if (server === null) return;
    this.server = null;
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await closed;
  }

  private async take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { servername } = request.socket as Partial<TLSSocket>;
    const received = {
      headers: request.headers as Record<string, string>,
      body: Buffer.concat(chunks).toString(),
      path: request.url ?? '',
      servername: typeof servername === 'string' ? servername : undefined,
    };
    this.received.push(received);
    this.answer(response, received);
  }
}

/**
 * What the public Standard Webhooks library makes of a message at a time.
 * @throws Error when its signature does not fit the secret, or its timestamp the time
 */
export function verified(secret: string, { headers, body }: Received, now: number): unknown {
  const realNow = Date.now;
  Date.now = () => now;
  try {
    return new Webhook(secret).verify(body, { ...headers });
  } finally {
    Date.now = realNow;
  }
}
