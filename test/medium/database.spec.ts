import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  isForeignKeyViolation,
  isUniqueViolation,
  openDatabase,
  QueryError,
  type Database,
} from '@app/database';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import { sql } from 'drizzle-orm';
import { integer, pgTable, text } from 'drizzle-orm/pg-core';

const notes = pgTable('notes', {
  id: integer('id').primaryKey(),
  words: text('words').unique(),
  parent: integer('parent'),
});

describe('a database', () => {
  let fresh: FreshDatabase;
  let database: Database;
  beforeAll(async () => {
    fresh = await freshDatabase({ poolSize: 4, connectTimeoutMs: 300, statementTimeoutMs: 1_000 });
    database = fresh.database;
    await database.db.execute(sql`create table notes (
      id int primary key, words text unique, parent int references notes
    )`);
  });
  beforeEach(() => database.db.execute(sql`truncate notes`));
  afterAll(() => fresh.drop());

  const backends = () => database.pool.totalCount - database.pool.idleCount;

  it('says which rule a statement broke, and never with which values', async () => {
    const secret = 'Jane Roe, penicillin';
    await database.db.insert(notes).values({ id: 1, words: secret });
    const failures: unknown[] = await Promise.all(
      [
        database.db.insert(notes).values({ id: 2, words: secret }),
        database.db.insert(notes).values({ id: 3, parent: 99 }),
        database.db.execute(sql`select ${secret}::text::int`),
        database.transaction((tx) => tx.insert(notes).values({ id: 4, words: secret })),
      ].map((statement) =>
        statement.then(
          () => null,
          (error: unknown) => error,
        ),
      ),
    );
    for (const failure of failures) {
      expect(failure).toBeInstanceOf(QueryError);
      const { stack } = failure as QueryError;
      expect(`${stack}${JSON.stringify(failure)}`).not.toContain('Jane');
    }
    expect(isUniqueViolation(failures[0], 'notes_words_key')).toBe(true);
    expect(isUniqueViolation(failures[0], 'notes_pkey')).toBe(false);
    expect(isForeignKeyViolation(failures[1])).toBe(true);
  });

  it('undoes a transaction that throws, and passes the error on as it is', async () => {
    const reason = new Error('changed my mind');
    const work = database.transaction(async (tx) => {
      await tx.insert(notes).values({ id: 1 });
      throw reason;
    });
    await expect(work).rejects.toBe(reason);
    expect(await database.db.$count(notes)).toBe(0);
    expect(backends()).toBe(0);
  });

  it('runs transactions again that were in each other’s way, until each has been done once', async () => {
    let runs = 0;
    let allHaveRead = () => {};
    const meeting = new Promise<void>((resolve) => (allHaveRead = resolve));
    const addOne = () =>
      database.transaction(
        async (tx) => {
          const count = await tx.$count(notes);
          if (++runs === 3) allHaveRead();
          await meeting;
          await tx.insert(notes).values({ id: count });
        },
        { isolationLevel: 'serializable' },
      );
    await Promise.all([addOne(), addOne(), addOne()]);
    expect(await database.db.$count(notes)).toBe(3);
    expect(runs).toBeGreaterThan(3);
  });

  it('tells callers to try again when connections are cut, and then goes on', async () => {
    const inside = database.transaction(async (tx) => {
      await tx.execute(sql`select pg_terminate_backend(pg_backend_pid())`);
    });
    await expect(inside).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    const between = database.transaction(async (tx) => {
      const { rows } = await tx.execute<{ pid: number }>(sql`select pg_backend_pid() as pid`);
      await database.db.execute(sql`select pg_terminate_backend(${rows[0]!.pid}, 1000)`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      await tx.execute(sql`select 1`);
    });
    await expect(between).rejects.toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    expect((await database.probe.check()).status).toBe('healthy');
    expect(backends()).toBe(0);
  });

  it('refuses after a while to wait for a connection; busy, its probe is degraded and not down', async () => {
    const holders = Array.from({ length: 4 }, () =>
      database.db.execute(sql`select pg_sleep(10)`).catch((error: unknown) => error),
    );
    await expect(database.db.execute(sql`select 1`)).rejects.toMatchObject({
      code: 'SERVICE_UNAVAILABLE',
      retryAfterSeconds: 2,
    });
    expect((await database.probe.check()).status).toBe('degraded');
    // The statement limit, so that nobody holds a connection for ever.
    for (const end of await Promise.all(holders)) {
      expect(end).toMatchObject({ code: 'SERVICE_UNAVAILABLE' });
    }
    expect((await database.probe.check()).status).toBe('healthy');
  });

  it('reports a database that has gone', async () => {
    const other = await freshDatabase();
    await other.drop();
    expect((await other.database.probe.check()).status).toBe('unhealthy');
  });

  it('has every table after its start, and needs nothing done at the next', async () => {
    const { rows } = await database.db.execute<{ name: string }>(
      sql`select table_name as name from information_schema.tables where table_schema = 'public'`,
    );
    const tables = rows.map(({ name }) => name);
    expect(tables).toEqual(expect.arrayContaining(['users', 'api_keys', 'audit_log', 'signals']));
    const told: string[] = [];
    const tell = (_: object, message: string) => told.push(message);
    const log = { info: tell, warn: tell, error: tell };
    await (await openDatabase({ url: fresh.url, dataDir: '', log })).close();
    expect(told).toEqual([]);
  });

  it('names the address, and no password, when nothing listens there', async () => {
    const url = 'postgresql://someone:hunter22@127.0.0.1:1/db';
    const opened = openDatabase({ url, dataDir: '', log: SILENT_LOG, startTimeoutMs: 100 });
    const message = await opened.then(
      () => '',
      (error: unknown) => (error as Error).message,
    );
    expect(message).toMatch(/127\.0\.0\.1:1 .*DATABASE_URL/);
    expect(message).not.toContain('hunter22');
  });
});

describe('migrations', () => {
  let folder: string;
  let fresh: FreshDatabase;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'migrations-'));
    await mkdir(path.join(folder, 'meta'));
    fresh = await freshDatabase();
  });
  afterEach(async () => {
    await fresh.drop();
    await rm(folder, { recursive: true });
  });

  async function write(files: Readonly<Record<string, string>>): Promise<void> {
    for (const [name, text] of Object.entries(files)) {
      await writeFile(path.join(folder, `${name}.sql`), text);
    }
    const entries = Object.keys(files).map((tag) => ({ tag }));
    await writeFile(path.join(folder, 'meta/_journal.json'), JSON.stringify({ entries }));
  }

  async function start(): Promise<string[]> {
    const told: string[] = [];
    const tell = (_: object, message: string) => told.push(message);
    const log = { info: tell, warn: tell, error: tell };
    const options = { url: fresh.url, dataDir: '', log, migrations: folder };
    await (await openDatabase(options)).close();
    return told.filter((message) => message === 'migration applied');
  }

  const SLOW = 'create table one (id int);\n--> statement-breakpoint\nselect pg_sleep(0.2);';

  it('are applied once by instances that start at the same time', async () => {
    await write({ '0000_one': SLOW, '0001_two': 'create table two (id int)' });
    const all = await Promise.all([start(), start(), start()]);
    expect(all.flat()).toHaveLength(2);
  });

  it('are applied in order, only those that are missing, wherever they stand', async () => {
    await write({ '0000_one': 'create table one (id int)', '0002_three': 'select 1' });
    expect(await start()).toHaveLength(2);
    await write({
      '0000_one': 'create table one (id int)',
      '0001_two': 'alter table one add column more int',
      '0002_three': 'select 1',
    });
    expect(await start()).toHaveLength(1);
    expect(await start()).toHaveLength(0);
  });

  it('leave nothing of one that fails, and name it', async () => {
    await write({ '0000_one': 'create table one (id int);\n--> statement-breakpoint\nselekt' });
    await expect(start()).rejects.toThrow(/0000_one failed: syntax error/);
    const { rows } = await fresh.database.pool.query("select to_regclass('one') as found");
    expect(rows).toEqual([{ found: null }]);
  });

  it('refuse to run when one has been changed afterwards, other line ends aside', async () => {
    await write({ '0000_one': 'create table one (\nid int)' });
    await start();
    await write({ '0000_one': 'create table one (\r\nid int)' });
    await start();
    await write({ '0000_one': 'create table one (id bigint)' });
    await expect(start()).rejects.toThrow(/0000_one was changed after it had been applied/);
  });

  it('tolerate a database that is newer, as while an upgrade is under way', async () => {
    await write({ '0000_one': 'select 1' });
    expect(await start()).toHaveLength(1);
  });
});
