import type { EdgeRequest } from '../adapter/exchange.js';
import { clientAddress, clientNetwork } from './client-address.js';
import { instancePath } from './instance-path.js';
import { OriginList } from './origin-list.js';

function request(proxies: number, forwarded?: string, remoteAddress = '10.0.0.9'): EdgeRequest {
  return {
    socket: { remoteAddress },
    headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded },
    app: { get: () => proxies },
  } as unknown as EdgeRequest;
}

describe('clientAddress', () => {
  it.each([
    [0, undefined, '10.0.0.9'],
    [0, '1.2.3.4', '10.0.0.9'],
    [1, undefined, '10.0.0.9'],
    [1, '6.6.6.6, 1.2.3.4', '1.2.3.4'],
    [2, '6.6.6.6, 1.2.3.4, 10.0.0.8', '1.2.3.4'],
    [3, '1.2.3.4', '1.2.3.4'],
    [1, '1.2.3.4:5555', '1.2.3.4'],
    [1, '[2001:DB8::7]:443', '2001:db8::7'],
    [1, '::ffff:1.2.3.4', '1.2.3.4'],
    [1, '6.6.6.6, unknown', '10.0.0.9'],
    [1, "'; drop table x", '10.0.0.9'],
    [1, '', '10.0.0.9'],
  ])('with %s trusted proxies and %j is %s', (proxies, forwarded, expected) => {
    expect(clientAddress(request(proxies, forwarded))).toBe(expected);
  });

  it('is plain for an IPv4 caller of an IPv6 socket, and empty when the caller has gone', () => {
    expect(clientAddress(request(0, undefined, '::ffff:10.0.0.9'))).toBe('10.0.0.9');
    expect(clientAddress(request(0, undefined, 'fe80::1%eth0'))).toBe('fe80::1');
    expect(clientAddress(request(0, undefined, ''))).toBe('');
  });

  it.each([
    ['1.2.3.4', '1.2.3.4'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:0001:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
    ['64:ff9b::1.2.3.4', '64:ff9b:0:0::/64'],
  ])('counts %s as %s', (address, network) => {
    expect(clientNetwork(request(0, undefined, address))).toBe(network);
  });
});

describe('OriginList', () => {
  it.each([
    ['https://*.example.org', 'https://a.b.example.org', true],
    ['https://*.example.org', 'https://example.org', false],
    ['https://*.example.org', 'https://a.example.org.evil.net', false],
    ['https://*.example.org', 'https://a.example.org:8443', false],
    ['https://*.example.org:8443', 'https://a.example.org:8443', true],
    ['https://ehr-*.example.org', 'https://ehr-7.example.org', true],
    ['https://ehr-*.example.org', 'https://ehr-7.evil.example.org', false],
    ['https://*.example.org', 'https://evil.net?.example.org', false],
    ['https://*.example.org', 'https://.example.org', false],
    ['https://*.example.org', 'null', false],
  ])('%s and %s: %s', (entry, origin, expected) => {
    expect(new OriginList([entry]).has(origin)).toBe(expected);
  });
});

describe('instancePath', () => {
  it.each([
    [
      '/v1/models/clinical-assertion/versions/1.0.0?x=Smith',
      '/v1/models/clinical-assertion/versions/1.0.0',
    ],
    ['/jobs/01951234-1234-7123-8123-123456789012', '/jobs/01951234-1234-7123-8123-123456789012'],
    ['/patients/Smith', '/patients/redacted'],
    ['/patients/mrn-12345', '/patients/redacted'],
    ['/x/a%40b.org/123-45-6789', '/x/redacted/redacted'],
    ['/', '/'],
  ])('%s is told as %s', (url, expected) => {
    expect(instancePath(url)).toBe(expected);
  });
});
