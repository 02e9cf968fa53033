import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { freePort } from './service.js';

/** A door in front of a server that a test can shut: its connections break, new ones are refused. */
export class TcpGate {
  private server: Server | null = null;
  private readonly sockets = new Set<Socket>();

  private constructor(
    readonly port: number,
    private readonly target: NetConnectOpts,
  ) {}

  static async before(target: NetConnectOpts): Promise<TcpGate> {
    const gate = new TcpGate(await freePort(), target);
    await gate.open();
    return gate;
  }

  async open(): Promise<void> {
    const server = createServer((client) => this.join(client, connect(this.target)));
    this.server = server;
    await new Promise<void>((resolve) => server.listen(this.port, '127.0.0.1', resolve));
  }

  async shut(): Promise<void> {
    const { server } = this;
    this.server = null;
    const closed = new Promise((resolve) => server?.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    if (server !== null) await closed;
  }

  private join(client: Socket, upstream: Socket): void {
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      this.sockets.add(one);
      one.on('error', () => undefined);
      one.on('close', () => {
        this.sockets.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
  }
}
