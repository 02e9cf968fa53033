import { lookup, Resolver } from 'node:dns/promises';

/** Every A and AAAA record of a host; rejects when it has none. */
export type AddressResolver = (host: string, signal: AbortSignal) => Promise<readonly string[]>;

const TRIES = 2;
const TRY_MS = 4_000;

/**
 * Asks name servers. Nothing but DNS: neither the hosts file nor search
 * domains, and no thread of the pool that files and hashing need.
 */
export const resolveByDns: AddressResolver = async (host, signal) => {
  const resolver = new Resolver({ timeout: TRY_MS, tries: TRIES });
  const cancel = () => resolver.cancel();
  signal.addEventListener('abort', cancel, { once: true });
  try {
    const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
    const addresses = answers.flatMap((answer) =>
      answer.status === 'fulfilled' ? answer.value : [],
    );
    if (addresses.length === 0) throw new Error('the host has no address');
    return addresses;
  } finally {
    signal.removeEventListener('abort', cancel);
  }
};

/** Asks the operating system, which knows the names of the operator's own network. */
export const resolveBySystem: AddressResolver = async (host) => {
  const answers = await lookup(host, { all: true, verbatim: true });
  return answers.map(({ address }) => address);
};
