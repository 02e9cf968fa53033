import type { Server, Socket } from 'node:net';
import { networkOf } from './client-address.js';

/**
 * Closes connections of an address that holds `most` open already, so that one
 * caller cannot take them all. IPv6 counts by /64 network. This machine is not
 * limited: its own proxy and probes come from there. Behind proxies elsewhere
 * it is the proxies that are counted.
 */
export function limitConnections(
  server: Pick<Server, 'on'>,
  most: number,
  isExempt: (address: string) => boolean = isLoopback,
): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = networkOf(socket.remoteAddress ?? '');
    if (isExempt(address)) return;
    const others = open.get(address) ?? 0;
    if (others >= most) {
      socket.destroy();
      return;
    }
    open.set(address, others + 1);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left === 0) open.delete(address);
      else open.set(address, left);
    });
  });
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '0:0:0:0::/64';
}
