import { setTimeout as sleep } from 'node:timers/promises';
import type { NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import { NodePgDatabase } from 'drizzle-orm/node-postgres';
import type { PgDatabase, PgTransactionConfig } from 'drizzle-orm/pg-core';
import { PgDialect } from 'drizzle-orm/pg-core';
import type { ClientConfig, Pool } from 'pg';
import { DatabaseProbe } from './database.probe.js';
import { GuardedSession, type Transaction } from './guarded-session.js';
import { isTransactionConflict } from './query-error.js';

/** What a repository's method works on: the database, or a transaction of its caller's. */
export type Queryable = PgDatabase<NodePgQueryResultHKT>;

/** How often a transaction is tried that others keep getting in the way of. */
const TRANSACTION_ATTEMPTS = 6;
/** Waits grow from this, with jitter, so that two in each other's way part. */
const FIRST_WAIT_MS = 5;

/** How long statements may go on once the database is being closed. */
const CLOSE_MS = 5_000;

/**
 * The process's one way to stored rows. Statements throw DomainError
 * SERVICE_UNAVAILABLE (with a time to retry after) when the database cannot be
 * asked, VALIDATION_ERROR when a value holds a NUL, and QueryError when it
 * refuses for another reason; no message holds a parameter.
 */
export class Database {
  readonly db: NodePgDatabase;
  readonly probe: DatabaseProbe;
  private closed: Promise<void> | undefined;

  /**
   * @param connection for those who need a connection of their own, as LISTEN does
   * @param release ends what stands behind the pool
   */
  constructor(
    readonly pool: Pool,
    readonly connection: Readonly<ClientConfig>,
    private readonly release: () => Promise<void>,
  ) {
    const dialect = new PgDialect();
    this.db = new NodePgDatabase(dialect, new GuardedSession(pool, dialect), undefined);
    this.probe = new DatabaseProbe(pool);
  }

  /**
   * Runs `work` in a transaction and commits it. When Postgres ends it because
   * of others (serialization failure, deadlock), the whole of `work` runs
   * again, so that it must have no effect outside of the transaction.
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.db.transaction(work, config);
      } catch (error) {
        if (!isTransactionConflict(error) || attempt === TRANSACTION_ATTEMPTS) throw error;
        await sleep(FIRST_WAIT_MS * 2 ** attempt * (0.5 + Math.random()));
      }
    }
  }

  /** Lets running statements finish, for a while, and ends an embedded server this process started. */
  close(): Promise<void> {
    this.closed ??= this.end();
    return this.closed;
  }

  private async end(): Promise<void> {
    await Promise.race([this.pool.end(), sleep(CLOSE_MS, undefined, { ref: false })]);
    await this.release();
  }
}
