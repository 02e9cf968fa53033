import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { limitConnections } from './connection-limit.js';

describe('limitConnections', () => {
  let server: Server;
  let sockets: Socket[];
  beforeEach(() => {
    server = createServer();
    sockets = [];
  });
  afterEach(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });

  async function listen(isExempt?: (address: string) => boolean): Promise<void> {
    limitConnections(server, 2, isExempt);
    server.on('connection', (socket) => socket.write('in'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  }
  /** Whether the server kept the connection. */
  async function enter(): Promise<boolean> {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    sockets.push(socket);
    socket.on('error', () => undefined);
    return Promise.race([
      once(socket, 'data').then(() => true),
      once(socket, 'close').then(() => false),
    ]);
  }

  it('closes what one address opens beyond its share, until it lets go of some', async () => {
    await listen(() => false);
    expect([await enter(), await enter(), await enter(), await enter()]).toEqual([
      true,
      true,
      false,
      false,
    ]);
    const [first] = sockets;
    first!.destroy();
    // The server hears of it a moment later.
    let kept = false;
    for (let i = 0; i < 50 && !kept; i++) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      kept = await enter();
    }
    expect(kept).toBe(true);
    expect(await enter()).toBe(false);
  });

  it('leaves this machine alone', async () => {
    await listen();
    for (let i = 0; i < 5; i++) expect(await enter()).toBe(true);
  });
});
