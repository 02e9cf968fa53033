import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openDatabase, type Database, type DatabaseOptions } from '@app/database';
import { SILENT_LOG } from '@app/database/testing';
import { processesIn } from '../../libs/database/src/embedded/process-table.js';

const PROGRAM = fileURLToPath(new URL('./database-process.mjs', import.meta.url));
const IS_ROOT = process.getuid?.() === 0;
const asRoot = IS_ROOT ? it : it.skip;

interface Line {
  readonly ready?: boolean;
  readonly written?: number;
  readonly failed?: string;
  readonly message?: string;
  readonly how?: string;
}

/** A process with the database open, and everything it has said. */
class User {
  readonly lines: Line[] = [];

  constructor(readonly child: ChildProcess) {
    createInterface({ input: child.stdout! }).on('line', (line) =>
      this.lines.push(JSON.parse(line) as Line),
    );
  }

  async until(accept: (line: Line) => boolean): Promise<Line> {
    for (;;) {
      const found = this.lines.find(accept);
      if (found) return found;
      if (this.child.exitCode !== null) throw new Error(JSON.stringify(this.lines));
      await sleep(10);
    }
  }

  ready = () => this.until((line) => line.ready === true);
  written = () => this.lines.flatMap(({ written }) => written ?? []);

  async writes(more: number): Promise<void> {
    const wanted = this.written().length + more;
    while (this.written().length < wanted) await sleep(5);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'close');
    this.child.kill('SIGKILL');
    await exited;
  }
}

describe('the built-in database', () => {
  let scratch: string;
  let migrations: string;
  /** A folder with a cluster in it, stopped; the others are copies. */
  let model: string;
  const users: User[] = [];
  const databases: Database[] = [];

  beforeAll(async () => {
    // Not the system's folder for such things, whose path may be long already.
    scratch = await mkdtemp('/tmp/database-');
    chmodSync(scratch, 0o755);
    migrations = path.join(scratch, 'migrations');
    mkdirSync(path.join(migrations, 'meta'), { recursive: true });
    writeFileSync(
      path.join(migrations, '0000_notes.sql'),
      'create table notes (id int primary key)',
    );
    writeFileSync(
      path.join(migrations, 'meta/_journal.json'),
      JSON.stringify({ entries: [{ tag: '0000_notes' }] }),
    );
    model = path.join(scratch, "it's a model");
  });
  afterEach(async () => {
    await Promise.all([...users.splice(0).map((user) => user.kill())]);
    await Promise.all(databases.splice(0).map((database) => database.close()));
  });
  afterAll(() => rm(scratch, { recursive: true, maxRetries: 20, retryDelay: 100 }));

  function use(dataDir: string, { firstRow = '', tie = '', prefix = [] as string[] } = {}): User {
    const command = [...prefix, process.execPath, PROGRAM, dataDir, migrations, firstRow, tie];
    const child = spawn(command[0]!, command.slice(1), {
      stdio: ['ignore', 'pipe', 'inherit'],
      // What would lead any other client elsewhere.
      env: { PATH: process.env.PATH, PGHOST: '/nowhere', PGDATABASE: 'none', PGOPTIONS: '-c x=y' },
    });
    const user = new User(child);
    users.push(user);
    return user;
  }

  async function open(dataDir: string, more: Partial<DatabaseOptions> = {}): Promise<Database> {
    const database = await openDatabase({ dataDir, migrations, log: SILENT_LOG, ...more });
    databases.push(database);
    return database;
  }

  function copyOfModel(name: string): string {
    const folder = path.join(scratch, name);
    mkdirSync(folder, { recursive: true });
    execFileSync('cp', ['-a', path.join(model, 'postgres'), folder]);
    return folder;
  }

  const data = (dataDir: string) => path.join(dataDir, 'postgres/data');
  const postmaster = (dataDir: string) =>
    parseInt(readFileSync(path.join(data(dataDir), 'postmaster.pid'), 'utf8'), 10);
  const rows = async (database: Database) =>
    (await database.pool.query<{ id: number }>('select id from notes order by id')).rows.map(
      ({ id }) => id,
    );

  async function untilEmpty(dataDir: string): Promise<void> {
    while ((await processesIn(data(dataDir)))!.length > 0) await sleep(10);
  }

  // First: it makes the cluster that the others copy.
  it('is made once by two processes that start at the same time, beside what a killed start left', async () => {
    const half = path.join(model, 'postgres', `init-${2 ** 22 + 1}-1`);
    mkdirSync(path.join(half, 'base'), { recursive: true });
    const both = [use(model, { firstRow: '1' }), use(model, { firstRow: '1000000' })];
    await Promise.all(both.map((user) => user.ready()));
    await Promise.all(both.map((user) => user.writes(3)));
    const database = await open(model);
    // Taken before the question: both go on writing while it is answered.
    const acknowledged = both.flatMap((user) => user.written());
    expect(await rows(database)).toEqual(expect.arrayContaining(acknowledged));
    expect(readdirSync(path.join(model, 'postgres')).sort()).toEqual([
      'data',
      'postgres.log',
      'run',
    ]);

    await Promise.all(both.map((user) => user.kill()));
    // Whichever of the two had started the server, it is this process's now.
    while (
      !(await database.pool.query('truncate notes').then(
        () => true,
        () => false,
      ))
    ) {
      await sleep(20);
    }
    await database.close();
    await untilEmpty(model);
  });

  it.each(['signal', 'guard'])(
    'ends when its process is killed, and has every acknowledged row afterwards (%s)',
    async (tie) => {
      const folder = copyOfModel(`killed by ${tie}`);
      const user = use(folder, { firstRow: '1', tie });
      await user.writes(50);
      await user.kill();
      await untilEmpty(folder);
      const database = await open(folder);
      expect(await rows(database)).toEqual(expect.arrayContaining(user.written()));
    },
  );

  it('comes back when the server is killed; until then callers are told to try again', async () => {
    const folder = copyOfModel('server killed');
    const user = use(folder, { firstRow: '1' });
    await user.writes(50);
    const database = await open(folder);
    process.kill(postmaster(folder), 'SIGKILL');

    const refusals: unknown[] = [];
    const killedAt = performance.now();
    let answered = false;
    while (!answered) {
      await database.db.execute('select 1').then(
        () => (answered = refusals.length > 0),
        (error: unknown) => refusals.push(error),
      );
      await sleep(5);
    }
    expect(performance.now() - killedAt).toBeLessThan(10_000);
    for (const refusal of refusals) {
      expect(refusal).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 2 });
    }
    const before = user.written();
    await user.writes(5);
    expect(await rows(database)).toEqual(expect.arrayContaining(before));
  });

  it('comes back when another program tells the server to shut down, which waits for us', async () => {
    const folder = copyOfModel('server told to end');
    const database = await open(folder, { shutdownPatienceMs: 300 });
    const first = postmaster(folder);
    await database.pool.query('insert into notes (id) values (1)');
    process.kill(first, 'SIGTERM');
    const successor = (): number | null => {
      const lock = path.join(data(folder), 'postmaster.pid');
      return existsSync(lock) && postmaster(folder) !== first ? postmaster(folder) : null;
    };
    while (successor() === null) await sleep(20);
    for (;;) {
      const found = await rows(database).catch(() => null);
      if (found === null) {
        await sleep(20);
        continue;
      }
      expect(found).toEqual([1]);
      break;
    }
  });

  it('is shared by a second process, which carries on when the first is killed', async () => {
    const folder = copyOfModel('shared');
    const first = use(folder);
    await first.ready();
    const second = use(folder, { firstRow: '1' });
    expect(await second.until((line) => line.how !== undefined)).toMatchObject({ how: 'attached' });
    await second.writes(20);
    await first.kill();
    await second.writes(20);
    const database = await open(folder);
    const acknowledged = second.written();
    expect(await rows(database)).toEqual(expect.arrayContaining(acknowledged));
  });

  it('answers a statement in time when the server has stopped answering', async () => {
    const folder = copyOfModel('stopped');
    const database = await open(folder, { statementTimeoutMs: 100 });
    const { rows: found } = await database.pool.query<{ pid: number }>(
      'select pg_backend_pid() as pid',
    );
    const { pid } = found[0]!;
    process.kill(pid, 'SIGSTOP');
    try {
      await expect(database.db.execute('select 1')).rejects.toMatchObject({
        code: 'SERVICE_UNAVAILABLE',
      });
      expect((await database.db.execute('select 1 as one')).rows).toEqual([{ one: 1 }]);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  });

  it('starts although the lock of a dead server names a process that lives', async () => {
    const folder = copyOfModel('stale lock');
    const lock = [process.pid, data(folder), 1, 5432, path.join(folder, 'postgres/run'), '', ''];
    writeFileSync(path.join(data(folder), 'postmaster.pid'), `${lock.join('\n')}\n`);
    writeFileSync(path.join(folder, 'postgres/run/.s.PGSQL.5432.lock'), `${lock.join('\n')}\n`);
    const database = await open(folder);
    expect(await rows(database)).toEqual([]);
  });

  it('works in a folder with a very long path', async () => {
    const folder = copyOfModel(`${'long '.repeat(30)}/${'longer '.repeat(20)}`);
    const database = await open(folder);
    expect(await rows(database)).toEqual([]);
    const digest = createHash('sha256').update(path.join(folder, 'postgres')).digest('hex');
    const sockets = path.join('/tmp', `clinserve-${digest.slice(0, 16)}`);
    expect(existsSync(sockets)).toBe(true);
    await database.close();
    await rm(sockets, { recursive: true });
  });

  asRoot('works for root in a folder that is closed to everyone else', async () => {
    const closed = path.join(scratch, 'closed');
    mkdirSync(closed, { mode: 0o700 });
    const database = await open(copyOfModel('closed/data'));
    expect(await rows(database)).toEqual([]);
  });

  const identity = (uid: number) => [
    '/usr/bin/setpriv',
    ...['--reuid', String(uid), '--regid', String(uid), '--clear-groups'],
  ];
  const NOBODY = 65534;

  asRoot('works for an ordinary user', async () => {
    const folder = copyOfModel('ordinary');
    execFileSync('chown', ['-R', `${NOBODY}:${NOBODY}`, folder]);
    const user = use(folder, { firstRow: '1', prefix: identity(NOBODY) });
    await user.writes(5);
    process.kill(postmaster(folder), 'SIGKILL');
    await user.writes(5);
    await user.kill();
    await untilEmpty(folder);
  });

  asRoot.each([
    ['has no name', 54_321, /user id 54321 has no entry .* DATABASE_URL/],
    ['may not enter its folder', NOBODY, /cannot use .* DATABASE_URL/],
  ])('tells a user who %s what to do', async (_, uid, message) => {
    const folder = path.join(scratch, `user ${uid}`);
    mkdirSync(uid === NOBODY ? path.join(folder, 'postgres') : folder, { recursive: true });
    if (uid !== NOBODY) execFileSync('chown', [`${uid}:${uid}`, folder]);
    const user = use(folder, { prefix: identity(uid) });
    expect((await user.until((line) => line.failed !== undefined)).failed).toMatch(message);
  });

  it('refuses a folder of another major version by name', async () => {
    const folder = path.join(scratch, 'old');
    mkdirSync(data(folder), { recursive: true });
    writeFileSync(path.join(data(folder), 'PG_VERSION'), '15\n');
    await expect(open(folder)).rejects.toThrow(/made by Postgres 15; .* 18 .* DATABASE_URL/);
  });
});
