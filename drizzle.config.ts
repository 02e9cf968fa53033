import { readdirSync, readFileSync } from 'node:fs';
import { defineConfig } from 'drizzle-kit';

/** Tables are declared by the libs that use them: in `*.schema.ts` files that import Drizzle. */
function tableFiles(): string[] {
  return readdirSync('libs', { recursive: true, encoding: 'utf8' })
    .map((name) => `libs/${name.replaceAll('\\', '/')}`)
    .filter((file) => /^libs\/[^/]+\/src\/[^/]+[.]schema[.]ts$/.test(file))
    .filter((file) => readFileSync(file, 'utf8').includes("from 'drizzle-orm/pg-core'"))
    .sort();
}

export default defineConfig({
  dialect: 'postgresql',
  schema: tableFiles(),
  out: './libs/database/migrations',
});
