import { SetupError } from '@app/common';
import type { Client } from 'pg';
import type { DatabaseLog } from '../database-log.js';
import type { Migration } from './migration-files.js';

/** Any number will do that nothing else in the database locks. */
const ADVISORY_LOCK = 7_233_100_418;

/** Another instance may be migrating large tables; past this something is stuck. */
const LOCK_TIMEOUT_MS = 300_000;

/**
 * Brings the schema up to date: each migration that is missing, in its own
 * transaction, in order. Instances that start at once wait for one another.
 *
 * @param client without a statement timeout, used by nobody else meanwhile
 * @throws SetupError when a migration was changed after it ran here, or fails
 */
export async function runMigrations(
  client: Client,
  migrations: readonly Migration[],
  log: DatabaseLog,
): Promise<void> {
  await client.query(`set lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
  try {
    // Elsewhere a table may wait for readers, but never hold up a whole start.
    await client.query("set lock_timeout = '60s'");
    await applyMissing(client, migrations, log);
  } finally {
    await client.query('select pg_advisory_unlock($1)', [ADVISORY_LOCK]);
  }
}

async function applyMissing(
  client: Client,
  migrations: readonly Migration[],
  log: DatabaseLog,
): Promise<void> {
  await client.query(`create table if not exists schema_migrations (
    name text primary key,
    digest text not null,
    applied_at timestamptz not null default now()
  )`);
  const { rows } = await client.query<{ name: string; digest: string }>(
    'select name, digest from schema_migrations',
  );
  const applied = new Map(rows.map(({ name, digest }) => [name, digest]));

  for (const migration of migrations) {
    const digest = applied.get(migration.name);
    applied.delete(migration.name);
    if (digest === undefined) await apply(client, migration, log);
    else if (digest !== migration.digest) throw changed(migration);
  }
  if (applied.size > 0) {
    // An older instance beside a newer one, as during an upgrade.
    log.warn({ migrations: [...applied.keys()] }, 'the database is newer than this program');
  }
}

async function apply(client: Client, migration: Migration, log: DatabaseLog): Promise<void> {
  await client.query('begin');
  try {
    for (const statement of migration.statements) await client.query(statement);
    await client.query('insert into schema_migrations (name, digest) values ($1, $2)', [
      migration.name,
      migration.digest,
    ]);
    await client.query('commit');
  } catch (error) {
    // The failure tells more than a rollback that fails after it.
    await client.query('rollback').catch(() => undefined);
    throw new SetupError(
      `Migration ${migration.name} failed: ${(error as Error).message}. Nothing of it was kept.`,
      { cause: error },
    );
  }
  log.info({ migration: migration.name }, 'migration applied');
}

function changed({ name }: Migration): SetupError {
  return new SetupError(
    `Migration ${name} was changed after it had been applied to this database. ` +
      'Restore the file and write a new migration, or start with an empty database.',
  );
}
