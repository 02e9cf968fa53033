import { and, eq, gt, sql } from 'drizzle-orm';
import type { Queryable } from '@app/database';
import { users } from '../auth.schema.js';

export type UserRow = typeof users.$inferSelect;
export type NewUser = typeof users.$inferInsert;

/** Users as rows. Those that take a tenant see no other tenant's. */
export const usersRepository = {
  async insert(db: Queryable, user: NewUser): Promise<boolean> {
    const rows = await db.insert(users).values(user).onConflictDoNothing().returning();
    return rows.length === 1;
  },

  async byName(db: Queryable, username: string): Promise<UserRow | null> {
    const [row] = await db.select().from(users).where(eq(users.username, username));
    return row ?? null;
  },

  async byId(db: Queryable, id: string): Promise<UserRow | null> {
    const [row] = await db.select().from(users).where(eq(users.id, id));
    return row ?? null;
  },

  /** Locked until the transaction ends, so that failures are counted one by one. */
  async lockByName(db: Queryable, username: string): Promise<UserRow | null> {
    const [row] = await db.select().from(users).where(eq(users.username, username)).for('update');
    return row ?? null;
  },

  list(db: Queryable, tenantId: string | null, after: string | null, limit: number) {
    return db
      .select()
      .from(users)
      .where(
        and(
          tenantId === null ? undefined : eq(users.tenantId, tenantId),
          after === null ? undefined : gt(users.id, after),
        ),
      )
      .orderBy(users.id)
      .limit(limit);
  },

  async count(db: Queryable, tenantId: string | null): Promise<number> {
    return db.$count(users, tenantId === null ? undefined : eq(users.tenantId, tenantId));
  },

  async update(db: Queryable, id: string, changes: Partial<NewUser>): Promise<void> {
    await db.update(users).set(changes).where(eq(users.id, id));
  },

  async countFailure(db: Queryable, id: string, lockedUntil: Date | null): Promise<void> {
    await db
      .update(users)
      .set({ failedLogins: sql`${users.failedLogins} + 1`, lockedUntil })
      .where(eq(users.id, id));
  },
};
