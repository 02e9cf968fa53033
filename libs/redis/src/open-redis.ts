import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '@app/common';
import { Redis } from 'ioredis';
import { RedisConnection } from './redis-connection.js';

/** What this lib tells the operator through; a pino logger is one. */
export interface RedisLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
}

export interface RedisOptions {
  /** `redis://:password@host:6379/0`, or the path of a socket. */
  readonly url: string;
  readonly log: RedisLog;
  /** How long a start waits for the server, ms; after that it goes on without. */
  readonly startTimeoutMs?: number;
}

const START_TIMEOUT_MS = 5_000;
const LONGEST_PAUSE_MS = 2_000;
const OLDEST_VERSION = [6, 2] as const;

/**
 * Connects. A server that is away stops no start: the connection is made when
 * it comes up.
 *
 * @throws SetupError for wrong credentials or a server that is too old
 */
export async function openRedis(options: RedisOptions): Promise<RedisConnection> {
  const { log } = options;
  const client = new Redis(options.url, {
    lazyConnect: true,
    connectionName: 'clinserve',
    connectTimeout: 5_000,
    disconnectTimeout: 200,
    // Nobody is to wait for a server that is away, nor a script to run twice.
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 10), LONGEST_PAUSE_MS),
  });
  const failure: { message: string | null } = { message: null };
  let away = false;
  client.on('ready', () => {
    if (away) log.info({}, 'Redis answers again');
    away = false;
  });
  client.on('close', () => {
    if (!away) log.warn({}, 'the connection to Redis is lost; trying again');
    away = true;
  });
  client.on('error', (error: Error) => {
    if (/^(NOAUTH|WRONGPASS|ERR invalid password|ERR AUTH)/.test(error.message)) {
      failure.message = error.message;
    }
  });
  const connection = new RedisConnection(client);
  // The outcome is told by `isReady` and the events.
  client.connect().catch(() => undefined);
  const until = performance.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS);
  while (!connection.isReady && failure.message === null && performance.now() < until)
    await sleep(10);
  const refusal = failure.message ?? (connection.isReady ? await tooOld(client) : null);
  if (refusal === null) return connection;
  await connection.close();
  throw new SetupError(`Redis cannot be used: ${refusal}. Check REDIS_URL.`);
}

async function tooOld(client: Redis): Promise<string | null> {
  const info = await client.info('server').catch(() => '');
  const version = /redis_version:(\d+)\.(\d+)/.exec(info);
  if (version === null) return null;
  const [major, minor] = [Number(version[1]), Number(version[2])];
  const [least, leastMinor] = OLDEST_VERSION;
  if (major > least || (major === least && minor >= leastMinor)) return null;
  return `its version is ${major}.${minor}, and ${least}.${leastMinor} or newer is needed`;
}
