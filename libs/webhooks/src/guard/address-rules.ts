import ipaddr from 'ipaddr.js';

/** `inside` ranges belong to an operator's own network, and may be called when the operator says so. */
interface Range {
  readonly cidr: string;
  readonly inside?: true;
}

const RANGES: readonly Range[] = [
  { cidr: '0.0.0.0/8' },
  { cidr: '10.0.0.0/8', inside: true },
  { cidr: '100.64.0.0/10', inside: true },
  { cidr: '127.0.0.0/8', inside: true },
  // Where clouds hand out credentials.
  { cidr: '169.254.0.0/16' },
  { cidr: '172.16.0.0/12', inside: true },
  { cidr: '192.0.0.0/24' },
  { cidr: '192.0.2.0/24' },
  { cidr: '192.88.99.0/24' },
  { cidr: '192.168.0.0/16', inside: true },
  { cidr: '198.18.0.0/15' },
  { cidr: '198.51.100.0/24' },
  { cidr: '203.0.113.0/24' },
  { cidr: '224.0.0.0/4' },
  { cidr: '240.0.0.0/4' },
  { cidr: '::1/128', inside: true },
  { cidr: '::/96' },
  { cidr: '::ffff:0:0/96' },
  { cidr: '64:ff9b::/96' },
  { cidr: '64:ff9b:1::/48' },
  { cidr: '100::/64' },
  { cidr: '2001::/32' },
  { cidr: '2001:db8::/32' },
  { cidr: '2002::/16' },
  { cidr: 'fc00::/7', inside: true },
  { cidr: 'fe80::/10' },
  { cidr: 'fec0::/10' },
  { cidr: 'ff00::/8' },
];

const PARSED = RANGES.map(({ cidr, inside = false }) => {
  const [network, bits] = ipaddr.parseCIDR(cidr);
  return { network, bits, inside };
});

/**
 * Whether an address may be connected to.
 * @param allowPrivate whether addresses of the operator's own network are fine, loopback included
 */
export function isCallable(address: string, allowPrivate: boolean): boolean {
  if (!ipaddr.isValid(address)) return false;
  const parsed = ipaddr.parse(address);
  const range = PARSED.find(
    ({ network, bits }) => network.kind() === parsed.kind() && parsed.match(network, bits),
  );
  return range === undefined || (allowPrivate && range.inside);
}
