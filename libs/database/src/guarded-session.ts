import type { PgDialect, PgTransactionConfig, PreparedQueryConfig } from 'drizzle-orm/pg-core';
import { NodePgSession, NodePgTransaction } from 'drizzle-orm/node-postgres';
import { sql, type ExtractTablesWithRelations } from 'drizzle-orm';
import type { Pool, PoolClient } from 'pg';
import { translateError } from './translate-error.js';

type NoSchema = Record<string, never>;
type NoTables = ExtractTablesWithRelations<NoSchema>;

/** A transaction as its function gets it. */
export type Transaction = NodePgTransaction<NoSchema, NoTables>;

type PrepareArguments = Parameters<NodePgSession<NoSchema, NoTables>['prepareQuery']>;

/**
 * Drizzle's session with two differences: failures arrive translated (see
 * {@link translateError}), and a transaction whose connection failed gives it
 * up instead of handing it to the next caller.
 */
export class GuardedSession extends NodePgSession<NoSchema, NoTables> {
  constructor(
    private readonly source: Pool | PoolClient,
    private readonly sqlDialect: PgDialect,
  ) {
    super(source, sqlDialect, undefined);
  }

  override prepareQuery<T extends PreparedQueryConfig = PreparedQueryConfig>(
    ...args: PrepareArguments
  ) {
    const prepared = super.prepareQuery<T>(...args);
    const execute = prepared.execute.bind(prepared);
    prepared.execute = (values) => execute(values).catch(rethrowTranslated);
    return prepared;
  }

  override async transaction<T>(
    run: (tx: Transaction) => Promise<T>,
    config?: PgTransactionConfig,
  ): Promise<T> {
    const client = await (this.source as Pool).connect().catch(rethrowTranslated);
    // A connection is handed on only once it has answered the transaction's end.
    let usable = false;
    try {
      const session = new GuardedSession(client, this.sqlDialect);
      const tx: Transaction = new NodePgTransaction(this.sqlDialect, session, undefined);
      await tx.execute(sql`begin`);
      try {
        if (config !== undefined) await tx.setTransaction(config);
        const result = await run(tx);
        await tx.execute(sql`commit`);
        usable = true;
        return result;
      } catch (error) {
        usable = await tx.execute(sql`rollback`).then(
          () => true,
          () => false,
        );
        throw error;
      }
    } finally {
      client.release(!usable);
    }
  }
}

function rethrowTranslated(error: unknown): never {
  throw translateError(error);
}
