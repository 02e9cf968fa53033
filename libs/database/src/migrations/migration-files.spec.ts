import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { bundledMigrations, readMigrations } from './migration-files.js';

describe('migration files', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
    await mkdir(path.join(folder, 'meta'));
    await writeFile(
      path.join(folder, 'meta/_journal.json'),
      JSON.stringify({ entries: [{ tag: '0000_b' }, { tag: '0001_a' }] }),
    );
    await writeFile(path.join(folder, '0000_b.sql'), 'one;\n--> statement-breakpoint\ntwo;\n');
    await writeFile(path.join(folder, '0001_a.sql'), 'three;');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('come in the journal’s order, cut into statements', async () => {
    const migrations = await readMigrations(folder);
    expect(migrations.map(({ name }) => name)).toEqual(['0000_b', '0001_a']);
    expect(migrations[0]?.statements.map((statement) => statement.trim())).toEqual([
      'one;',
      'two;',
    ]);
  });

  it('have a digest that tells a change, but not of line ends', async () => {
    const [before] = await readMigrations(folder);
    await writeFile(
      path.join(folder, '0000_b.sql'),
      'one;\r\n--> statement-breakpoint\r\ntwo;\r\n',
    );
    const [same] = await readMigrations(folder);
    await writeFile(path.join(folder, '0000_b.sql'), 'one;\n--> statement-breakpoint\n2;\n');
    const [other] = await readMigrations(folder);
    expect(same).toEqual(before);
    expect(other?.digest).not.toBe(before?.digest);
  });

  it('of the service are found and each is there', async () => {
    const bundled = bundledMigrations();
    expect(existsSync(path.join(bundled, '../src/index.ts'))).toBe(true);
    expect((await readMigrations(bundled)).length).toBeGreaterThan(0);
  });
});
