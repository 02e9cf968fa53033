import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DomainError, SetupError } from '@app/common';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import {
  EnvelopeError,
  KeyFile,
  OperatorKeys,
  openEncryption,
  type EncryptedColumn,
  type Encryption,
  type EncryptionOptions,
} from '@app/encryption';
import { sql } from 'drizzle-orm';
import { runTool } from '../support/tool.js';

const TIMING = { refreshMs: 40, leadMs: 120, staleMs: 2_000, settleMs: 300 };
const NO_FILE = new KeyFile('/nonexistent/encryption.key');
const operatorKey = randomBytes(32);

let fresh: FreshDatabase;
const opened: Encryption[] = [];
beforeEach(async () => {
  fresh = await freshDatabase();
  await fresh.database.db.execute(
    sql`create table people (id uuid primary key, name text, note text)`,
  );
  await fresh.database.db.execute(sql`create table letters (number bigint primary key, text text)`);
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((encryption) => encryption.close()));
  await fresh.drop();
});

async function open(options: Partial<EncryptionOptions> = {}): Promise<Encryption> {
  const encryption = await openEncryption({
    db: fresh.database.db,
    wrapper: new OperatorKeys([operatorKey], NO_FILE),
    log: SILENT_LOG,
    timing: TIMING,
    ...options,
  });
  opened.push(encryption);
  return encryption;
}

const COLUMNS: readonly EncryptedColumn[] = [
  { table: 'people', column: 'name', rowKey: 'id' },
  { table: 'people', column: 'note', rowKey: 'id' },
  { table: 'letters', column: 'text', rowKey: 'number' },
];
const LETTER = { table: 'letters', column: 'text' };

async function writeLetters(encryption: Encryption, count: number): Promise<void> {
  const rows = Array.from({ length: count }, (_, number) => {
    const envelope = encryption.encrypt({ ...LETTER, row: String(number) }, `letter ${number}`);
    return sql`(${number}::bigint, ${envelope})`;
  });
  await fresh.database.db.execute(sql`insert into letters values ${sql.join(rows, sql`, `)}`);
}

async function readLetters(encryption: Encryption): Promise<string[]> {
  const { rows } = await fresh.database.db.execute<{ number: string; text: string }>(
    sql`select number::text, text from letters order by number::bigint`,
  );
  return rows.map(({ number, text }) => encryption.decrypt({ ...LETTER, row: number }, text));
}

const versionsOf = async (encryption: Encryption) =>
  (await encryption.status(COLUMNS)).keys.map(({ version, state, fields }) => ({
    version,
    state,
    fields,
  }));

describe('a database that is opened for the first time', () => {
  it('gets one set of keys, from however many instances at once', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'first keys '));
    const file = path.join(folder, 'encryption.key');
    const instances = await Promise.all(
      Array.from({ length: 5 }, () => open({ wrapper: new OperatorKeys(null, new KeyFile(file)) })),
    );
    const [one, ...others] = instances;
    const place = { ...LETTER, row: '1' };
    const envelope = one!.encrypt(place, 'hello');
    for (const other of others) {
      expect(other.decrypt(place, envelope)).toBe('hello');
      expect(other.deriveKey('audit')).toEqual(one!.deriveKey('audit'));
    }
    expect(await versionsOf(one!)).toEqual([{ version: 1, state: 'active', fields: 0 }]);
    await rm(folder, { recursive: true });
  });

  it('is refused by the wrong operator’s key, which changes nothing', async () => {
    const first = await open();
    const failure = open({ wrapper: new OperatorKeys([randomBytes(32)], NO_FILE) });
    await expect(failure).rejects.toThrow(SetupError);
    await expect(failure).rejects.toThrow(/^ENCRYPTION_KEY does not hold the key [\da-f]{12} /);
    // Nor is a new key file made, which would only mislead.
    await expect(open({ wrapper: new OperatorKeys(null, NO_FILE) })).rejects.toThrow(
      /encryption.key is missing/,
    );
    expect((await open()).keyedHash('x', 'y')).toEqual(first.keyedHash('x', 'y'));
  });
});

describe('a change of the operator’s key', () => {
  it('leaves fields and hashes as they are and makes the old key needless', async () => {
    const before = await open();
    await writeLetters(before, 3);
    const newKey = randomBytes(32);
    const both = await open({ wrapper: new OperatorKeys([newKey, operatorKey], NO_FILE) });
    expect(await both.rewrap()).toMatchObject({ rewrapped: 2 });
    expect(await both.rewrap()).toMatchObject({ rewrapped: 0 });

    const after = await open({ wrapper: new OperatorKeys([newKey], NO_FILE) });
    expect(await readLetters(after)).toEqual(['letter 0', 'letter 1', 'letter 2']);
    expect(after.keyedHash('x', 'y')).toEqual(before.keyedHash('x', 'y'));
    await expect(open()).rejects.toThrow(/^ENCRYPTION_KEY/);

    // The instance that still has the old key must not wrap a data key with it.
    await expect(before.rotate({ columns: COLUMNS })).rejects.toThrow(/^ENCRYPTION_KEY/);
    expect(await versionsOf(after)).toHaveLength(1);
  });
});

describe('rotation of the data key', () => {
  it('lets every instance read and write meanwhile, and leaves no field to the old key', async () => {
    const [operator, service] = [await open(), await open()];
    await writeLetters(service, 250);
    const hash = service.keyedHash('patient', 'P001');
    const phases: string[] = [];
    const rotated = operator.rotate({
      columns: COLUMNS,
      onProgress: ({ phase }) => phases.push(phase),
    });
    const place = { ...LETTER, row: '0' };
    let rotating = true;
    const finished = rotated.finally(() => (rotating = false));
    const used = new Set<string>();
    while (rotating) {
      const envelope = service.encrypt(place, 'letter 0');
      used.add(envelope.slice(0, 5));
      await fresh.database.db.execute(sql`update letters set text = ${envelope} where number = 0`);
      expect(new Set(await readLetters(service)).size).toBe(250);
      await sleep(5);
    }
    expect(await finished).toMatchObject({ version: 2, unreadable: [] });
    expect([...used]).toEqual(['e1.1.', 'e1.2.']);
    expect(new Set(phases)).toEqual(new Set(['key', 'waiting', 'column']));
    expect(await versionsOf(service)).toEqual([
      { version: 1, state: 'retired', fields: 0 },
      { version: 2, state: 'active', fields: 250 },
    ]);
    expect(service.keyedHash('patient', 'P001')).toEqual(hash);
  });

  it('reports fields that no key opens, leaves them, and keeps the old key', async () => {
    const encryption = await open();
    await writeLetters(encryption, 5);
    await fresh.database.db.execute(sql`update letters set text =
      (select text from letters where number = 0) where number = 1`);
    await fresh.database.db.execute(sql`update letters set text = 'plain' where number = 2`);
    await fresh.database.db.execute(sql`update letters set text = 'e1.9.abc' where number = 3`);
    const { unreadable } = await encryption.rotate({ columns: COLUMNS });
    expect(unreadable).toEqual([{ ...COLUMNS[2], rows: 3 }]);
    expect(await versionsOf(encryption)).toEqual([
      { version: 1, state: 'old', fields: 1 },
      { version: 2, state: 'active', fields: 2 },
    ]);

    // Once they are put right, the same rotation comes to its end.
    await fresh.database.db.execute(sql`delete from letters where number in (1, 2, 3)`);
    expect(await encryption.rotate({ columns: COLUMNS })).toMatchObject({ version: 2 });
    expect((await versionsOf(encryption))[0]).toMatchObject({ state: 'retired' });
  });

  it('refuses a list of columns that is wrong before it makes a key', async () => {
    const encryption = await open();
    const wrong = { table: 'letters', column: 'txet', rowKey: 'number' };
    await expect(encryption.rotate({ columns: [wrong] })).rejects.toThrow(/letters\.txet/);
    expect(await versionsOf(encryption)).toHaveLength(1);
  });

  it('happens by itself when a key has been used often', async () => {
    const [busy, idle] = [await open({ successorAfter: 50 }), await open()];
    const place = { ...LETTER, row: '1' };
    for (let count = 0; count < 60; count++) busy.encrypt(place, 'x');
    let envelope: string;
    do {
      await sleep(20);
      envelope = busy.encrypt(place, 'y');
    } while (envelope.startsWith('e1.1.'));
    expect(idle.decrypt(place, envelope)).toBe('y');
  });
});

describe('an instance that cannot look for new keys', () => {
  it('soon encrypts no more, still reads, and recovers by itself', async () => {
    const { db } = fresh.database;
    const encryption = await open({ timing: { ...TIMING, staleMs: 150 } });
    const place = { ...LETTER, row: '1' };
    const envelope = encryption.encrypt(place, 'x');
    await db.execute(sql`alter table data_keys rename to data_keys_away`);
    await sleep(400);
    const failure = (): unknown => encryption.encrypt(place, 'y');
    expect(failure).toThrow(DomainError);
    expect(encryption.decrypt(place, envelope)).toBe('x');
    await db.execute(sql`alter table data_keys_away rename to data_keys`);
    const encrypts = (): boolean => {
      try {
        return encryption.decrypt(place, encryption.encrypt(place, 'z')) === 'z';
      } catch {
        return false;
      }
    };
    while (!encrypts()) await sleep(20);
  });
});

describe('a rotation that is killed', () => {
  const KILLS = 20;

  it('at 20 random points leaves every field readable, and comes to its end later', async () => {
    const service = await open();
    const { db } = fresh.database;
    const expected = new Map<string, { name: string; note: string | null }>();
    const envelopes = (id: string, { name, note }: { name: string; note: string | null }) => ({
      name: service.encrypt({ table: 'people', column: 'name', row: id }, name),
      note:
        note === null ? null : service.encrypt({ table: 'people', column: 'note', row: id }, note),
    });
    const add = async (count: number): Promise<void> => {
      const people = Array.from({ length: count }, (_, index) => ({
        id: randomUUID(),
        name: randomBytes(8).toString('hex'),
        note: index % 3 === 0 ? null : randomBytes(40).toString('hex'),
      }));
      const rows = people.map(({ id, ...person }) => {
        const { name, note } = envelopes(id, person);
        return sql`(${id}::uuid, ${name}::text, ${note}::text)`;
      });
      await db.execute(sql`insert into people values ${sql.join(rows, sql`, `)}`);
      for (const { id, ...person } of people) expected.set(id, person);
    };
    await add(2_000);

    let killing = true;
    const writing = (async () => {
      const ids = [...expected.keys()];
      while (killing) {
        const id = ids[randomInt(ids.length)]!;
        const person = { name: `changed ${randomInt(1e9)}`, note: 'changed' };
        const { name, note } = envelopes(id, person);
        await db.execute(sql`update people set name = ${name}, note = ${note} where id = ${id}`);
        expected.set(id, person);
        if (randomInt(20) === 0) await add(1);
        await sleep(1);
      }
    })();

    let cut = 0;
    let next = rotator();
    for (let kill = 0; kill < KILLS; kill++) {
      const child = next;
      // Starting takes longer than being killed.
      next = rotator();
      const ended = once(child, 'exit') as Promise<[number | null, string | null]>;
      child.stdin.end('go\n');
      await once(child.stdout, 'data');
      await sleep(randomInt(450));
      child.kill('SIGKILL');
      if ((await ended)[1] === 'SIGKILL') cut++;
      // What was committed is there, whichever key it was encrypted with.
      const { rows } = await db.execute<{ id: string; name: string; note: string | null }>(
        sql`select id, name, note from people`,
      );
      for (const { id, name, note } of rows) {
        service.decrypt({ table: 'people', column: 'name', row: id }, name);
        if (note !== null) service.decrypt({ table: 'people', column: 'note', row: id }, note);
      }
    }
    next.kill();
    expect(cut).toBeGreaterThan(KILLS / 2);
    killing = false;
    await writing;

    const last = await service.rotate({ columns: COLUMNS });
    const { rows } = await db.execute<{ id: string; name: string; note: string | null }>(
      sql`select id, name, note from people`,
    );
    expect(rows).toHaveLength(expected.size);
    for (const { id, name, note } of rows) {
      expect(name.startsWith(`e1.${last.version}.`)).toBe(true);
      expect({
        name: service.decrypt({ table: 'people', column: 'name', row: id }, name),
        note: note && service.decrypt({ table: 'people', column: 'note', row: id }, note),
      }).toEqual(expected.get(id));
    }
    for (const { version, state, fields } of await versionsOf(service)) {
      if (version === last.version) expect(state).toBe('active');
      else expect({ state, fields }).toEqual({ state: 'retired', fields: 0 });
    }
  });

  function rotator() {
    const args = [
      path.join(process.cwd(), 'test/medium/encryption-process.mjs'),
      fresh.url,
      operatorKey.toString('hex'),
      JSON.stringify(COLUMNS),
      JSON.stringify(TIMING),
    ];
    return spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  }
});

describe('npm run encryption', () => {
  it('shows the state of the keys, rewraps them, and refuses the wrong operator’s key', async () => {
    await open();
    const [hex, newKey] = [operatorKey.toString('hex'), randomBytes(32).toString('hex')];
    const run = (keys: string, ...args: string[]) =>
      runTool('encryption', args, {
        DATABASE_URL: fresh.url.replace('@/', '@localhost/'),
        DATA_DIR: '/nonexistent',
        ENCRYPTION_KEY: keys,
      });
    const folder = await mkdtemp(path.join(tmpdir(), 'encryption cli '));
    const status = await run(`${newKey},${hex}`, 'status');
    expect(status).toMatchObject({ code: 0, stderr: '' });
    expect(status.stdout).toMatch(/^1 +active .* 0$/m);
    expect(status.stdout).toContain('Some keys are wrapped by a former key');

    const rewrapped = await runTool('encryption', ['rewrap'], {
      DATABASE_URL: fresh.url.replace('@/', '@localhost/'),
      DATA_DIR: folder,
      ENCRYPTION_KEY: `${newKey},${hex}`,
    });
    expect(rewrapped.stdout).toMatch(/^Done: 2 keys were wrapped anew/);
    expect((await run(newKey, 'status')).stdout).not.toContain('former');
    const wrong = await run(hex, 'status');
    expect(wrong.code).toBe(1);
    expect(wrong.stderr).toMatch(/^ENCRYPTION_KEY does not hold the key [\da-f]{12} /);
    expect(wrong.stderr).not.toContain(hex);
    await rm(folder, { recursive: true });
  });
});

describe('an envelope', () => {
  it('that was moved to another row or altered is refused by an open instance too', async () => {
    const encryption = await open();
    await writeLetters(encryption, 2);
    await fresh.database.db.execute(sql`update letters set text =
      (select text from letters where number = 0) where number = 1`);
    await expect(readLetters(encryption)).rejects.toThrow(EnvelopeError);
  });
});
