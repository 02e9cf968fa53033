import { createHash, randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../database.js';
import { bundledMigrations, readMigrations } from '../migrations/migration-files.js';
import { runMigrations } from '../migrations/run-migrations.js';
import { openDatabase, type DatabaseOptions } from '../open-database.js';
import { SILENT_LOG } from './silent-log.js';
import { testServer } from './test-server.js';

export interface FreshDatabase {
  /** Migrated and otherwise empty. */
  readonly database: Database;
  /** For a process of its own: `DATABASE_URL`. */
  readonly url: string;
  /** Closes and drops it. */
  drop(): Promise<void>;
}

let template: Promise<string> | undefined;

/** A database of its own for a test or a file of tests, as a service finds it after its start. */
export async function freshDatabase(
  options: Partial<DatabaseOptions> = {},
): Promise<FreshDatabase> {
  const server = await testServer();
  template ??= makeTemplate(server);
  const name = `test_${randomBytes(8).toString('hex')}`;
  const from = await template;
  await administer(server, (client) =>
    client.query(`create database ${name} template ${from} strategy file_copy`),
  );
  const url = `postgresql://postgres@/${name}?host=${encodeURIComponent(String(server.host))}`;
  const database = await openDatabase({ log: SILENT_LOG, dataDir: '', url, ...options });
  return {
    database,
    url,
    async drop() {
      await database.close();
      await administer(server, (client) => client.query(`drop database ${name} with (force)`));
    },
  };
}

/** Made once a server; its name says what is in it, for test files that share the server. */
async function makeTemplate(server: pg.ClientConfig): Promise<string> {
  const migrations = await readMigrations(bundledMigrations());
  const digest = createHash('sha256').update(JSON.stringify(migrations)).digest('hex');
  const name = `template_${digest.slice(0, 16)}`;
  await administer(server, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name]);
    if (rowCount === 1) return;
    await client.query(`create database ${name}_made`);
    const inside = new pg.Client({ ...server, database: `${name}_made` });
    await inside.connect();
    await runMigrations(inside, migrations, SILENT_LOG);
    await inside.end();
    await client.query(`alter database ${name}_made rename to ${name}`);
  });
  return name;
}

async function administer<T>(
  server: pg.ClientConfig,
  act: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(server);
  await client.connect();
  try {
    return await act(client);
  } finally {
    await client.end();
  }
}
