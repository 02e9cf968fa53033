import { readdirSync, readFileSync } from 'node:fs';
import { ENCRYPTED_COLUMNS } from './encrypted-columns.js';

/** A column of a table whose comment says that it holds envelopes. */
const DECLARED = /\/\*\* Encrypted envelope(?:(?!\*\/).)*\*\/\s+\w+: text\('(\w+)'\)/gs;

describe('the list of encrypted columns', () => {
  it('holds every column that a schema declares as encrypted', () => {
    const schemas = readdirSync('libs', { recursive: true, encoding: 'utf8' })
      .filter((name) => /^[\w-]+\/src\/[\w-]+\.schema\.ts$/.test(name))
      .map((name) => readFileSync(`libs/${name}`, 'utf8'));
    const declared = schemas.flatMap((text) =>
      [...text.matchAll(DECLARED)].map(({ 1: column, index }) => {
        const [, table] = [...text.slice(0, index).matchAll(/pgTable\(\s*'(\w+)'/g)].at(-1)!;
        return `${table}.${column}`;
      }),
    );
    expect(declared.length).toBeGreaterThanOrEqual(3);
    expect(ENCRYPTED_COLUMNS.map(({ table, column }) => `${table}.${column}`).sort()).toEqual(
      declared.sort(),
    );
  });
});
