import type { Queryable } from '@app/database';
import { inArray, sql } from 'drizzle-orm';
import { roles } from '../auth.schema.js';
import { BUILT_IN_ROLES } from '../permissions.js';

export type RoleRow = typeof roles.$inferSelect;

export const rolesRepository = {
  /** Writes the built-in roles as this version of the service defines them. */
  async seed(db: Queryable): Promise<void> {
    const rows = Object.entries(BUILT_IN_ROLES).map(([name, { description, permissions }]) => ({
      name,
      description,
      permissions: [...permissions],
    }));
    await db
      .insert(roles)
      .values(rows)
      .onConflictDoUpdate({
        target: roles.name,
        set: { description: sql`excluded.description`, permissions: sql`excluded.permissions` },
      });
  },

  list(db: Queryable): Promise<RoleRow[]> {
    return db.select().from(roles).orderBy(roles.name);
  },

  /** Those of the names that no role has. */
  async unknown(db: Queryable, names: readonly string[]): Promise<string[]> {
    const rows = await db.select({ name: roles.name }).from(roles);
    const known = new Set(rows.map(({ name }) => name));
    return names.filter((name) => !known.has(name));
  },

  /** All that the roles allow together. */
  async permissionsOf(db: Queryable, names: readonly string[]): Promise<string[]> {
    if (names.length === 0) return [];
    const rows = await db
      .select({ permissions: roles.permissions })
      .from(roles)
      .where(inArray(roles.name, [...names]));
    return [...new Set(rows.flatMap(({ permissions }) => permissions))].sort();
  },
};
