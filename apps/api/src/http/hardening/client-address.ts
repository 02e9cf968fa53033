import { isIP, isIPv6 } from 'node:net';
import type { EdgeRequest } from '../adapter/exchange.js';

/** The part of an Express application that knows how many proxies there are. */
interface ProxySetting {
  readonly app?: { get(name: 'trust proxy'): unknown };
}

/**
 * The address of who called: the connection's own, or the entry of
 * `X-Forwarded-For` that the outermost trusted proxy wrote. What stands before
 * that entry is the caller's own claim. Never a text that is not an address.
 */
export function clientAddress(request: EdgeRequest): string {
  const direct = plainAddress(request.socket.remoteAddress ?? '') ?? '';
  const proxies = Number((request as ProxySetting).app?.get('trust proxy') ?? 0);
  const forwarded = request.headers['x-forwarded-for'];
  if (!(proxies > 0) || typeof forwarded !== 'string') return direct;
  const entries = forwarded.split(',');
  const entry = entries[Math.max(0, entries.length - proxies)] ?? '';
  return plainAddress(entry.trim()) ?? direct;
}

/**
 * What attempts are counted by: an IPv4 address, or the /64 network of an IPv6
 * one, of which a single customer commonly has all addresses.
 */
export function clientNetwork(request: EdgeRequest): string {
  return networkOf(clientAddress(request));
}

/** As `clientNetwork`, of an address as a socket tells it; empty when it is none. */
export function networkOf(text: string): string {
  const address = plainAddress(text) ?? '';
  return isIPv6(address) ? `${firstGroups(address).join(':')}::/64` : address;
}

/** Without port, brackets, zone and the IPv6 form of an IPv4 address; null when it is none. */
function plainAddress(text: string): string | null {
  const bracketed = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text)?.[1];
  const bare = bracketed ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1');
  const address = bare.split('%', 1)[0]?.replace(/^::ffff:(?=[\d.]+$)/i, '') ?? '';
  return isIP(address) === 0 ? null : address.toLowerCase();
}

function firstGroups(address: string): string[] {
  const [head = '', tail] = address.split('::', 2);
  const groups = head === '' ? [] : head.split(':');
  if (tail !== undefined) {
    const after = tail === '' ? [] : tail.split(':');
    // A trailing IPv4 part takes the place of two groups.
    const size = after.length + (after.at(-1)?.includes('.') === true ? 1 : 0);
    while (groups.length + size < 8) groups.push('0');
    groups.push(...after);
  }
  return groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16));
}
