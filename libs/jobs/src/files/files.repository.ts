import type { Queryable, Transaction } from '@app/database';
import { and, eq, exists, inArray, isNull, lt, not, sql, type SQL } from 'drizzle-orm';
import type { FileContent } from '../input-files.js';
import type { FileRow } from '../job.js';
import { files, jobs } from '../jobs.schema.js';

/** Expired files removed at once; the next time brings the next ones. */
const AT_ONCE = 500;

const UNFINISHED = inArray(jobs.status, ['pending', 'processing']);
const UNPURGED = isNull(jobs.purgedAt);

/** Of the jobs on a file, those that a condition holds for. */
function jobsOnFile(db: Queryable, condition: SQL) {
  return db
    .select({ one: sql`1` })
    .from(jobs)
    .where(and(eq(jobs.inputFileId, files.id), condition));
}

export const filesRepository = {
  async add(db: Queryable, row: FileRow): Promise<void> {
    await db.insert(files).values(row);
  },

  async find(db: Queryable, id: string): Promise<FileRow | null> {
    const [row] = await db.select().from(files).where(eq(files.id, id));
    return row ?? null;
  },

  async findContent(db: Queryable, id: string): Promise<FileContent | null> {
    const { size, format, columns, dataKey } = files;
    const [content] = await db
      .select({ id: files.id, size, format, columns, dataKey })
      .from(files)
      .where(eq(files.id, id));
    return content ?? null;
  },

  async existing(db: Queryable, ids: readonly string[]): Promise<ReadonlySet<string>> {
    const rows = await db
      .select({ id: files.id })
      .from(files)
      .where(inArray(files.id, [...ids]));
    return new Set(rows.map(({ id }) => id));
  },

  /** Lets nobody remove the file until the transaction ends. @returns whether it is there */
  async hold(tx: Transaction, id: string): Promise<boolean> {
    const found = tx.select({ id: files.id }).from(files).where(eq(files.id, id));
    return (await found.for('key share')).length === 1;
  },

  /** @returns whether it was removed now; false while an unfinished job reads it */
  removeUnused(tx: Transaction, id: string): Promise<boolean> {
    return removeUnless(tx, id, UNFINISHED);
  },

  /** @returns whether it was removed now; false while a job has it that was not purged */
  removeUnclaimed(tx: Transaction, id: string): Promise<boolean> {
    return removeUnless(tx, id, UNPURGED);
  },

  /** Removes rows of files whose time is over and that no unfinished job reads. */
  async removeExpired(tx: Transaction, now: Date): Promise<string[]> {
    const unread = not(exists(jobsOnFile(tx, UNFINISHED)));
    const expired = await tx
      .select({ id: files.id })
      .from(files)
      .where(and(lt(files.expiresAt, now), unread))
      .limit(AT_ONCE)
      .for('update', { skipLocked: true });
    if (expired.length === 0) return [];
    const ids = expired.map(({ id }) => id);
    const removed = await tx
      .delete(files)
      .where(and(inArray(files.id, ids), unread))
      .returning({ id: files.id });
    return removed.map(({ id }) => id);
  },
};

async function removeUnless(tx: Transaction, id: string, claim: SQL): Promise<boolean> {
  // In a statement of its own: one that had to wait for the acceptance of a job would not see that job.
  await tx.select({ id: files.id }).from(files).where(eq(files.id, id)).for('update');
  const unclaimed = and(eq(files.id, id), not(exists(jobsOnFile(tx, claim))));
  return (await tx.delete(files).where(unclaimed)).rowCount === 1;
}
