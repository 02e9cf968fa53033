import { invalidField } from '@app/common';
import ipaddr from 'ipaddr.js';
import { isCallable } from './address-rules.js';
import type { AddressResolver } from './address-resolver.js';
import { RefusedUrlError } from './refused-url-error.js';

export interface UrlGuardOptions {
  /** Whether http and the operator's own network are fine. */
  readonly allowPrivate: boolean;
  readonly resolve: AddressResolver;
}

/** A URL with the addresses it may be called at: nothing else may be connected to. */
export interface CheckedUrl {
  readonly url: URL;
  readonly addresses: readonly string[];
}

const LONGEST_URL = 2_048;
const HTTPS_PORT = 443;
/** Below are the ports of mail, shells and other services that a request must not reach. */
const FIRST_FREE_PORT = 1_024;
/** How long a caller waits for a look-up. */
const ACCEPT_MS = 5_000;

/** Keeps requests that callers ask for away from what only this machine can reach. */
export class UrlGuard {
  constructor(private readonly options: UrlGuardOptions) {}

  /**
   * Checks a URL as a request gives it, its present addresses included.
   * @throws DomainError VALIDATION_ERROR that names the field
   */
  async accept(field: string, text: string): Promise<void> {
    try {
      await this.check(text, AbortSignal.timeout(ACCEPT_MS));
    } catch (error) {
      if (!(error instanceof RefusedUrlError)) throw error;
      throw invalidField(field, error.code, `${field} cannot be used: ${error.message}`);
    }
  }

  /**
   * Looks the host up, once, and checks every address. To be called for every request.
   * @throws RefusedUrlError
   */
  async check(text: string, signal: AbortSignal): Promise<CheckedUrl> {
    const url = this.parse(text);
    const addresses = await this.addressesOf(url, signal);
    const { allowPrivate } = this.options;
    if (!addresses.every((address) => isCallable(address, allowPrivate))) {
      throw new RefusedUrlError(
        'private_address',
        allowPrivate
          ? 'its host has an address that is reserved. Use another host.'
          : 'its host has an address that is not public. Use a public host; for receivers in its own network the operator can set WEBHOOK_ALLOW_PRIVATE=true.',
      );
    }
    return { url, addresses };
  }

  private parse(text: string): URL {
    const { allowPrivate } = this.options;
    if (text.length > LONGEST_URL) {
      throw new RefusedUrlError('too_long', `it has more than ${LONGEST_URL} characters.`);
    }
    if (!URL.canParse(text)) {
      throw new RefusedUrlError(
        'malformed',
        'it is not an absolute URL such as https://ehr.example.org/hooks.',
      );
    }
    const url = new URL(text);
    if (url.protocol !== 'https:' && !(allowPrivate && url.protocol === 'http:')) {
      throw new RefusedUrlError('scheme', 'it must begin with https://.');
    }
    if (url.username !== '' || url.password !== '') {
      throw new RefusedUrlError(
        'credentials',
        'it holds a user name or password. Verify the signature of webhooks instead.',
      );
    }
    if (url.hash !== '') {
      throw new RefusedUrlError('fragment', 'it has a fragment (#…). Leave that out.');
    }
    if (!allowPrivate && !isFreePort(url.port)) {
      throw new RefusedUrlError('port', 'its port must be 443, or 1024 and more.');
    }
    return url;
  }

  private async addressesOf(url: URL, signal: AbortSignal): Promise<readonly string[]> {
    // The parser has already written decimal, hex and octal forms as dotted numbers.
    const host = url.hostname.replace(/^\[|\]$/g, '');
    if (ipaddr.isValid(host)) return [host];
    const unresolved = new RefusedUrlError('unresolved', 'its host cannot be resolved.');
    const aborted = new Promise<never>((_, reject) => {
      if (signal.aborted) reject(unresolved);
      signal.addEventListener('abort', () => reject(unresolved), { once: true });
    });
    try {
      const addresses = await Promise.race([this.options.resolve(host, signal), aborted]);
      if (addresses.length > 0) return addresses;
    } catch {
      // The resolver's own words may tell of the network.
    }
    throw unresolved;
  }
}

function isFreePort(port: string): boolean {
  const number = port === '' ? HTTPS_PORT : Number(port);
  return number === HTTPS_PORT || number >= FIRST_FREE_PORT;
}
