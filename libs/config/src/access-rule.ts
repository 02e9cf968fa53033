import { BlockList, isIP } from 'node:net';
import type { Environment } from './environment.schema.js';

export interface AccessConfig {
  /** Whether a caller without a key is turned away. */
  readonly keyRequired: boolean;
  /** The key to accept; null when none is set. */
  readonly apiKey: string | null;
  /** Whether only this machine can connect. */
  readonly loopback: boolean;
}

const MINIMUM_KEY_LENGTH = 16;
const SET_KEY = `set API_KEY (or API_KEY_FILE) to ${MINIMUM_KEY_LENGTH} or more characters`;

/**
 * Who gets in without a key: anybody on loopback in development, and beyond
 * loopback only when the operator says so in both variables. Setting API_KEY
 * asks for it everywhere.
 * @param development whether ENVIRONMENT was set to it rather than left out.
 */
export function accessRule(
  env: Environment,
  development: boolean,
  problems: string[],
): AccessConfig {
  const { API_KEY: key, REQUIRE_API_KEY: wish, ENVIRONMENT: environment } = env;
  const protectedEnvironment = environment !== 'development';
  const exposed = !isLoopback(env.HOST);
  const keyRequired = wish ?? (key !== undefined || exposed || protectedEnvironment);

  if (protectedEnvironment && wish === false) {
    problems.push(`REQUIRE_API_KEY: cannot be false when ENVIRONMENT is ${environment}; remove it`);
  } else if (key === undefined && protectedEnvironment) {
    problems.push(`API_KEY: ENVIRONMENT=${environment} needs a key: ${SET_KEY}`);
  } else if (key === undefined && wish === true) {
    problems.push(`API_KEY: REQUIRE_API_KEY is true but there is no key: ${SET_KEY}`);
  } else if (exposed && (keyRequired ? key === undefined : !development)) {
    problems.push(
      `HOST: listening beyond loopback needs a key: ${SET_KEY}; without keys, for development ` +
        'only, set both ENVIRONMENT=development and REQUIRE_API_KEY=false',
    );
  }
  if (key !== undefined && protectedEnvironment && key.length < MINIMUM_KEY_LENGTH) {
    problems.push(
      `API_KEY: must have ${MINIMUM_KEY_LENGTH} or more characters when ENVIRONMENT is ${environment}`,
    );
  }
  return { keyRequired, apiKey: key ?? null, loopback: !exposed };
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return address.toLowerCase() === 'localhost';
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
