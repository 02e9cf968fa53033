import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** One step of the schema, as drizzle-kit writes it. */
export interface Migration {
  /** Its file's name without the ending: `0003_quick_name`. */
  readonly name: string;
  readonly statements: readonly string[];
  /** SHA-256 of the file, in hex. */
  readonly digest: string;
}

const BREAKPOINT = '--> statement-breakpoint';
const JOURNAL = path.join('meta', '_journal.json');

/** The folder of the migrations that ship with the service, from sources as from dist. */
export function bundledMigrations(): string {
  for (let folder = path.dirname(fileURLToPath(import.meta.url)); ;) {
    const candidate = path.join(folder, 'libs', 'database', 'migrations');
    if (existsSync(path.join(candidate, JOURNAL))) return candidate;
    const parent = path.dirname(folder);
    if (parent === folder) {
      throw new Error('libs/database/migrations was not found above the program');
    }
    folder = parent;
  }
}

/** The migrations of a folder in the order of its journal. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const journal = JSON.parse(await readFile(path.join(folder, JOURNAL), 'utf8')) as {
    entries: readonly { tag: string }[];
  };
  return Promise.all(
    journal.entries.map(async ({ tag }) => {
      const text = await readFile(path.join(folder, `${tag}.sql`), 'utf8');
      // A checkout may have changed the line ends; the steps are the same.
      const sql = text.replaceAll('\r\n', '\n');
      return {
        name: tag,
        statements: sql.split(BREAKPOINT).filter((statement) => statement.trim() !== ''),
        digest: createHash('sha256').update(sql).digest('hex'),
      };
    }),
  );
}
