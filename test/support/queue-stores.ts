import { freshDatabase, SILENT_LOG, testServer } from '@app/database/testing';
import { openQueues, type OpenedQueues } from '@app/queues';
import { Redis } from 'ioredis';
import pg from 'pg';
import { TestRedis } from './redis.js';
import { TcpGate } from './tcp-gate.js';

/** A real server that keeps queues, and what a test can do to it. */
export interface QueueStore {
  /** Queues of a process of their own. */
  open(): Promise<OpenedQueues>;
  /** Makes the server unreachable, and reachable again. */
  readonly gate: TcpGate;
  /** Loses every entry, as a server does that comes back without its data. */
  empty(): Promise<void>;
  /** REDIS_URL of it, for a process of its own; null for Postgres. */
  readonly redisUrl: string | null;
  /** How to reach Postgres, for the same; nothing for Redis. */
  readonly connection: object;
  stop(): Promise<void>;
}

/** Short, so that what a killed worker held comes back within a test. */
export const TEST_LOCK_MS = 3_000;

export async function redisStore(): Promise<QueueStore> {
  const redis = await TestRedis.start();
  const gate = await TcpGate.before({ port: redis.port, host: '127.0.0.1' });
  const redisUrl = `redis://127.0.0.1:${gate.port}`;
  return {
    gate,
    redisUrl,
    connection: {},
    open: () => openQueues({ redisUrl, connection: {}, log: SILENT_LOG, lockMs: TEST_LOCK_MS }),
    empty: async () => {
      const client = new Redis(redis.url);
      await client.flushall();
      client.disconnect();
    },
    stop: async () => {
      await gate.shut();
      await redis.remove();
    },
  };
}

export async function postgresStore(): Promise<QueueStore> {
  const fresh = await freshDatabase();
  const database = /@\/([^?]+)/.exec(fresh.url)?.[1];
  const server = await testServer();
  const gate = await TcpGate.before({
    path: `${String(server.host)}/.s.PGSQL.${server.port ?? 5432}`,
  });
  const connection = { host: '127.0.0.1', port: gate.port, user: 'postgres', database };
  return {
    gate,
    redisUrl: null,
    connection,
    open: () => openQueues({ redisUrl: null, connection, log: SILENT_LOG, lockMs: TEST_LOCK_MS }),
    empty: async () => {
      const client = new pg.Client({ ...server, database });
      await client.connect();
      await client.query('truncate clinserve_queues.job cascade');
      await client.end();
    },
    stop: async () => {
      await gate.shut();
      await fresh.drop();
    },
  };
}
