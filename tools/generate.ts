// Writes every file, or part of one, that is made from the code.
//   npm run generate              write them
//   npm run generate -- --check   write nothing; fail when one differs
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { configurationTable } from './generate/configuration-table.js';
import { bringUpToDate } from './generate/generated-file.js';
import type { GeneratedFile } from './generate/generated-file.js';
import { manifestSchema } from './generate/manifest-schema.js';
import { bringMigrationsUpToDate, MIGRATIONS } from './generate/migrations.js';
import { openApiDocument } from './generate/openapi-document.js';

const FILES: readonly GeneratedFile[] = [configurationTable, manifestSchema, openApiDocument];

// This file runs as dist/tools/generate.js.
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const check = process.argv.includes('--check');

const stale: string[] = [];
for (const file of FILES) {
  if (!(await bringUpToDate(root, file, check))) report(file.path, file.what);
}
if (!(await bringMigrationsUpToDate(root, check))) report(MIGRATIONS, 'the last migration');
if (check && stale.length > 0) {
  console.log('Run: npm run generate');
  process.exitCode = 1;
}

function report(where: string, what: string): void {
  stale.push(where);
  console.log(check ? `${where}: ${what} is out of date` : `${where}: written`);
}
