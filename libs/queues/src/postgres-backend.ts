import {
  PostgresConnection,
  PostgresQueueBackend,
  Queue,
  runMigrations,
  Worker,
  type BackendFactory,
  type PostgresConnectionOptions,
  type PostgresPoolConfig,
} from 'bullmq';
import pg from 'pg';
import type { EntryProcessor, QueueBackend, WorkerSettings } from './queue-backend.js';
import { QUEUE_OPTIONS, workerOptions } from './queue-settings.js';

/** Where BullMQ keeps its tables, apart from the service's own. */
const SCHEMA = 'clinserve_queues';
const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 15_000;

/** BullMQ's Postgres backend. */
export class PostgresBackend implements QueueBackend {
  readonly kind = 'postgres';

  private constructor(private readonly connection: pg.ClientConfig) {}

  /** Brings BullMQ's tables up to date. */
  static async open(connection: pg.ClientConfig): Promise<PostgresBackend> {
    const client = new pg.Client({ ...connection });
    client.on('error', () => undefined);
    await client.connect();
    try {
      await runMigrations(client, SCHEMA);
    } finally {
      await client.end();
    }
    return new PostgresBackend(connection);
  }

  isReachable(): boolean {
    return true;
  }

  makeQueue(name: string): Queue {
    const options = { ...QUEUE_OPTIONS, connection: this.pool(2) };
    return new Queue(name, options, guardedBackend) as unknown as Queue;
  }

  makeWorker(name: string, processor: EntryProcessor, settings: WorkerSettings): Worker {
    const options = { ...workerOptions(settings), connection: this.pool(3) };
    return new Worker(name, processor, options, guardedBackend) as unknown as Worker;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Objects that shared a pool smaller than they are many would wait for each other for ever. */
  private pool(max: number): PostgresPoolConfig {
    const pool = {
      ...this.connection,
      schema: SCHEMA,
      max,
      application_name: 'clinserve-queues',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: STATEMENT_TIMEOUT_MS + 2_000,
      keepAlive: true,
    };
    // BullMQ hands it to the driver as it is; its own type only lacks passwords that are asked for.
    return pool as PostgresPoolConfig;
  }
}

/** As BullMQ's own, but a connection that breaks in the midst of a query does not end the process. */
const guardedBackend: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (
  name,
  options,
  { withBlockingConnection = false } = {},
) => {
  const connection = new PostgresConnection(options.connection);
  const pool = connection.pool as unknown as pg.Pool;
  pool.on('connect', (client) => client.on('error', () => undefined));
  const clientName = withBlockingConnection ? name : undefined;
  return new PostgresQueueBackend(connection, name, options, true, clientName);
};
