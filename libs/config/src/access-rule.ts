import { BlockList, isIP } from 'node:net';
import type { Environment } from './environment.schema.js';

export interface AccessConfig {
  /** Whether a caller without a key is turned away. */
  readonly keyRequired: boolean;
  /** A key that is valid without being stored; null when none is set. */
  readonly apiKey: string | null;
  /** For the first user; null to make one. */
  readonly adminPassword: string | null;
  /** Whether only this machine can connect. */
  readonly loopback: boolean;
}

const MINIMUM_KEY_LENGTH = 16;
const MINIMUM_PASSWORD_LENGTH = 12;
/** The longest that @app/auth takes: with a longer one nobody could sign in. */
const MAXIMUM_PASSWORD_LENGTH = 256;

/**
 * Who gets in without a key: anybody on loopback in development, and beyond
 * loopback only when the operator says so in both variables. Setting API_KEY
 * asks for keys everywhere.
 * @param development whether ENVIRONMENT was set to it rather than left out.
 */
export function accessRule(
  env: Environment,
  development: boolean,
  problems: string[],
): AccessConfig {
  const { API_KEY: key, ADMIN_PASSWORD: password, ENVIRONMENT: environment } = env;
  const wish = env.REQUIRE_API_KEY;
  const protectedEnvironment = environment !== 'development';
  const exposed = !isLoopback(env.HOST);
  const keyRequired = wish ?? (key !== undefined || exposed || protectedEnvironment);

  if (protectedEnvironment && wish === false) {
    problems.push(`REQUIRE_API_KEY: cannot be false when ENVIRONMENT is ${environment}; remove it`);
  } else if (exposed && !keyRequired && !development) {
    problems.push(
      'REQUIRE_API_KEY: serving beyond loopback without keys needs ENVIRONMENT=development beside it; ' +
        'remove REQUIRE_API_KEY, or set both',
    );
  }
  if (protectedEnvironment) {
    atLeast('API_KEY', key, MINIMUM_KEY_LENGTH, environment, problems);
    atLeast('ADMIN_PASSWORD', password, MINIMUM_PASSWORD_LENGTH, environment, problems);
  }
  if (password !== undefined && password.length > MAXIMUM_PASSWORD_LENGTH) {
    problems.push(`ADMIN_PASSWORD: must have at most ${MAXIMUM_PASSWORD_LENGTH} characters`);
  }
  return {
    keyRequired,
    apiKey: key ?? null,
    adminPassword: password ?? null,
    loopback: !exposed,
  };
}

function atLeast(
  name: string,
  secret: string | undefined,
  length: number,
  environment: string,
  problems: string[],
): void {
  if (secret === undefined || secret.length >= length) return;
  problems.push(
    `${name}: must have ${length} or more characters when ENVIRONMENT is ${environment}`,
  );
}

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a host name or address means this machine. */
export function isLoopback(host: string): boolean {
  const address = host.replace(/^\[|\]$/g, '');
  const family = isIP(address);
  if (family === 0) return address.toLowerCase() === 'localhost';
  return loopback.check(address, family === 6 ? 'ipv6' : 'ipv4');
}
