import { setTimeout as sleep } from 'node:timers/promises';
import { SetupError } from '@app/common';
import pg from 'pg';
import type { DatabaseLog } from './database-log.js';
import { Database } from './database.js';
import { EmbeddedServer, type EmbeddedServerOptions } from './embedded/embedded-server.js';
import { bundledMigrations, readMigrations } from './migrations/migration-files.js';
import { runMigrations } from './migrations/run-migrations.js';

export interface DatabaseOptions {
  /** `postgresql://…`; without it the service runs a server of its own in `dataDir`. */
  readonly url?: string;
  readonly dataDir: string;
  readonly log: DatabaseLog;
  /** Most connections of this process's pool. */
  readonly poolSize?: number;
  /** How long a caller waits for a connection, ms. */
  readonly connectTimeoutMs?: number;
  /** How long a statement may take, ms. */
  readonly statementTimeoutMs?: number;
  /** How long a server behind `url` may take to come up, ms. */
  readonly startTimeoutMs?: number;
  /** Other migrations than the service's own. */
  readonly migrations?: string;
  /** How the embedded server is started. */
  readonly launch?: EmbeddedServerOptions['launch'];
  /** How long a shutdown of it that another program asked for may wait, ms. */
  readonly shutdownPatienceMs?: EmbeddedServerOptions['shutdownPatienceMs'];
}

const POOL_SIZE = 10;
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;
const START_TIMEOUT_MS = 30_000;
/** The server ends a statement first and says so; this is for one that has stopped answering. */
const ANSWER_GRACE_MS = 2_000;

/**
 * Connects, starting the embedded server when there is no `url`, and brings
 * the schema up to date.
 *
 * @throws SetupError naming what has to be put right
 */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url } = options;
  if (url !== undefined) return openOn(remoteConnection(url), options, () => Promise.resolve());
  const server = await EmbeddedServer.start(options);
  try {
    return await openOn(server.connection(), options, () => server.stop());
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function openOn(
  connection: pg.ClientConfig,
  options: DatabaseOptions,
  release: () => Promise<void>,
): Promise<Database> {
  await migrate(connection, options);
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    ...connection,
    max: options.poolSize ?? POOL_SIZE,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    query_timeout: statementTimeoutMs + ANSWER_GRACE_MS,
    idle_in_transaction_session_timeout: statementTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
  });
  // A connection that breaks between two statements is replaced by the next one's;
  // without a listener, its error would end the process.
  pool.on('connect', (client) => client.on('error', () => undefined));
  pool.on('error', (error) =>
    options.log.warn({ reason: error.message }, 'an idle database connection broke'),
  );
  return new Database(pool, connection, release);
}

async function migrate(connection: pg.ClientConfig, options: DatabaseOptions): Promise<void> {
  const migrations = await readMigrations(options.migrations ?? bundledMigrations());
  const client = await connectPatiently(connection, options);
  try {
    await runMigrations(client, migrations, options.log);
  } finally {
    await client.end();
  }
}

/** A server that is started beside this process may come up a little later. */
async function connectPatiently(
  connection: pg.ClientConfig,
  options: DatabaseOptions,
): Promise<pg.Client> {
  const until = performance.now() + (options.startTimeoutMs ?? START_TIMEOUT_MS);
  for (let pause = 50; ; pause = Math.min(pause * 2, 2_000)) {
    const client = new pg.Client({
      ...connection,
      connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      client.end().catch(() => undefined);
      if (performance.now() + pause > until || !mayPass(error)) throw unreachable(client, error);
      await sleep(pause);
    }
  }
}

/** Whether waiting can help: not with a wrong password or the name of no database. */
function mayPass(error: unknown): boolean {
  const { code } = error as { code?: string };
  return !(code?.startsWith('28') ?? false) && code !== '3D000';
}

function unreachable(client: pg.Client, error: unknown): SetupError {
  const { code, message } = error as NodeJS.ErrnoException;
  return new SetupError(
    `The database at ${client.host}:${client.port} cannot be used: ${message || (code ?? '')}. ` +
      'Check that it runs and that DATABASE_URL names it.',
    { cause: error },
  );
}

function remoteConnection(url: string): pg.ClientConfig {
  return { connectionString: url, application_name: 'clinserve' };
}
