import type { Queryable } from '@app/database';
import { and, eq, exists, inArray, lt, not, sql } from 'drizzle-orm';
import type { FileContent } from '../input-files.js';
import type { FileRow } from '../job.js';
import { files, jobs } from '../jobs.schema.js';

/** Jobs that still read from a file. */
function unfinishedJobs(db: Queryable) {
  return db
    .select({ one: sql`1` })
    .from(jobs)
    .where(and(eq(jobs.inputFileId, files.id), inArray(jobs.status, ['pending', 'processing'])));
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

  /** @returns whether it was there */
  async remove(db: Queryable, id: string): Promise<boolean> {
    return (await db.delete(files).where(eq(files.id, id))).rowCount === 1;
  },

  /** @returns whether it is gone now; false while an unfinished job reads it */
  async removeUnused(db: Queryable, id: string): Promise<boolean> {
    const unused = and(eq(files.id, id), not(exists(unfinishedJobs(db))));
    return (await db.delete(files).where(unused)).rowCount === 1;
  },

  /** Removes rows of files whose time is over and that no unfinished job reads. */
  async removeExpired(db: Queryable, now: Date): Promise<string[]> {
    const rows = await db
      .delete(files)
      .where(and(lt(files.expiresAt, now), not(exists(unfinishedJobs(db)))))
      .returning({ id: files.id });
    return rows.map(({ id }) => id);
  },
};
