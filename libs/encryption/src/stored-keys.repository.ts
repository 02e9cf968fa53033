import { and, asc, desc, eq, lt, isNull, sql } from 'drizzle-orm';
import type { NodePgQueryResultHKT } from 'drizzle-orm/node-postgres';
import type { PgDatabase } from 'drizzle-orm/pg-core';
import { dataKeys, wrappedSecrets } from './encryption.schema.js';
import type { WrappedKey } from './operator/key-wrapper.js';

/** The database, or a transaction. */
export type Queryable = PgDatabase<NodePgQueryResultHKT>;

/** Any number that no other advisory lock of the service has. */
const KEYS_LOCK = 7_201_101;

export type StoredDataKey = typeof dataKeys.$inferSelect & {
  /** Whether its time has come, by the database's clock, which all instances share. */
  readonly active: boolean;
  /** For how long it has been active. */
  readonly activeMs: number;
};

/** Data keys and secrets as rows. */
export const storedKeys = {
  /** One process at a time makes, wraps or retires keys; held to the transaction's end. */
  async lock(tx: Queryable): Promise<void> {
    await tx.execute(sql`select pg_advisory_xact_lock(${KEYS_LOCK})`);
  },

  /** Ascending by version. */
  dataKeys(db: Queryable): Promise<StoredDataKey[]> {
    return db
      .select({
        version: dataKeys.version,
        wrapped: dataKeys.wrapped,
        wrappedBy: dataKeys.wrappedBy,
        activeFrom: dataKeys.activeFrom,
        encryptions: dataKeys.encryptions,
        createdAt: dataKeys.createdAt,
        retiredAt: dataKeys.retiredAt,
        active: sql<boolean>`${dataKeys.activeFrom} <= now()`,
        activeMs: sql<number>`(extract(epoch from now() - ${dataKeys.activeFrom}) * 1000)::float8`,
      })
      .from(dataKeys)
      .orderBy(asc(dataKeys.version));
  },

  async newestVersion(db: Queryable): Promise<number> {
    const [newest] = await db
      .select({ version: dataKeys.version })
      .from(dataKeys)
      .orderBy(desc(dataKeys.version))
      .limit(1);
    return newest?.version ?? 0;
  },

  async addDataKey(
    tx: Queryable,
    version: number,
    key: WrappedKey,
    activeInMs: number,
  ): Promise<void> {
    const activeFrom = sql`now() + ${activeInMs} * interval '1 millisecond'`;
    await tx.insert(dataKeys).values({ version, ...key, activeFrom });
  },

  async countEncryptions(db: Queryable, version: number, count: number): Promise<void> {
    await db
      .update(dataKeys)
      .set({ encryptions: sql`${dataKeys.encryptions} + ${count}` })
      .where(eq(dataKeys.version, version));
  },

  async retireBefore(tx: Queryable, version: number): Promise<void> {
    await tx
      .update(dataKeys)
      .set({ retiredAt: sql`now()` })
      .where(and(lt(dataKeys.version, version), isNull(dataKeys.retiredAt)));
  },

  async secret(db: Queryable, name: string): Promise<WrappedKey | null> {
    const rows = await db.select().from(wrappedSecrets).where(eq(wrappedSecrets.name, name));
    return rows[0] ?? null;
  },

  async secrets(db: Queryable): Promise<(WrappedKey & { name: string })[]> {
    return db.select().from(wrappedSecrets);
  },

  async addSecret(tx: Queryable, name: string, key: WrappedKey): Promise<void> {
    await tx.insert(wrappedSecrets).values({ name, ...key });
  },

  async replaceWrapped(
    tx: Queryable,
    of: { readonly version: number } | { readonly name: string },
    { wrapped, wrappedBy }: WrappedKey,
  ): Promise<void> {
    if ('version' in of) {
      const changed = eq(dataKeys.version, of.version);
      await tx.update(dataKeys).set({ wrapped, wrappedBy }).where(changed);
    } else {
      const changed = eq(wrappedSecrets.name, of.name);
      await tx.update(wrappedSecrets).set({ wrapped, wrappedBy }).where(changed);
    }
  },
};
