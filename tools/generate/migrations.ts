import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { generateDrizzleJson } from 'drizzle-kit/api';

export const MIGRATIONS = 'libs/database/migrations';

/** Every snapshot has an id, which says nothing about the tables. */
const NAMELESS = { id: undefined, prevId: undefined };

/**
 * Compares the tables that the code declares with those that the last
 * migration leads to. Unless `check` is set, writes the migration that is
 * missing; drizzle-kit asks where it cannot tell a new name from a new table.
 *
 * @returns whether they were the same
 */
export async function bringMigrationsUpToDate(root: string, check: boolean): Promise<boolean> {
  const declared = generateDrizzleJson(await importTables(path.join(root, 'dist/libs'))) as object;
  const migrated = await lastSnapshot(path.join(root, MIGRATIONS, 'meta'));
  // Through JSON, as the snapshot has been.
  const plain: unknown = JSON.parse(JSON.stringify({ ...declared, ...NAMELESS }));
  if (isDeepStrictEqual(plain, migrated)) return true;
  if (!check) await writeMigration(root);
  return false;
}

/** Everything exported by the compiled `*.schema.js` files of the libs. */
async function importTables(libs: string): Promise<Record<string, unknown>> {
  const tables: Record<string, unknown> = {};
  for (const lib of await readdir(libs)) {
    const folder = path.join(libs, lib, 'src');
    const files = (await readdir(folder)).filter((name) => name.endsWith('.schema.js'));
    for (const name of files) {
      const file = path.join(folder, name);
      Object.assign(tables, await import(pathToFileURL(file).href));
    }
  }
  return tables;
}

async function lastSnapshot(folder: string): Promise<unknown> {
  const snapshots = (await readdir(folder)).filter((name) => name.endsWith('_snapshot.json'));
  const last = snapshots.sort().at(-1);
  if (last === undefined) return {};
  const snapshot = JSON.parse(await readFile(path.join(folder, last), 'utf8')) as object;
  return JSON.parse(JSON.stringify({ ...snapshot, ...NAMELESS }));
}

async function writeMigration(root: string): Promise<void> {
  const program = path.join(root, 'node_modules/drizzle-kit/bin.cjs');
  const child = spawn(process.execPath, [program, 'generate'], { cwd: root, stdio: 'inherit' });
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error('drizzle-kit could not write the migration');
}
