import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { AuditLog, type AuditEvent, type AuditOptions } from '@app/audit';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import { sql } from 'drizzle-orm';
import { attack, EVENT, hashPatient, recordMany } from '../support/audit.js';
import { runTool } from '../support/tool.js';

const key = randomBytes(32);
let fresh: FreshDatabase;
let checkpointFolder: string;
let alarms: string[];
const opened: AuditLog[] = [];
beforeEach(async () => {
  fresh = await freshDatabase();
  checkpointFolder = path.join(await mkdtemp(path.join(tmpdir(), 'audit ')), 'checkpoints');
  alarms = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((audit) => audit.close()));
  await fresh.drop();
  await rm(path.dirname(checkpointFolder), { recursive: true });
});

/** Not opened: writes checkpoints only when told to. */
function auditLog(options: Partial<AuditOptions> = {}): AuditLog {
  const audit = new AuditLog({
    db: fresh.database.db,
    key,
    hashPatient,
    checkpointFolder,
    log: { error: (_details, message) => alarms.push(message) },
    ...options,
  });
  opened.push(audit);
  return audit;
}

const record = (audit: AuditLog, event: Partial<AuditEvent> = {}): Promise<void> =>
  fresh.database.transaction((tx) => audit.record(tx, { ...EVENT, ...event }));

describe('the audit log', () => {
  it('numbers events without gaps, from however many connections, in whole transactions', async () => {
    const [one, other] = [auditLog(), auditLog()];
    const writers = Array.from({ length: 6 }, async (_, writer) => {
      for (let event = 0; event < 15; event++) {
        const audit = event % 2 === 0 ? one : other;
        const id = `${writer}-${event}`;
        await fresh.database
          .transaction(async (tx) => {
            await audit.record(tx, { ...EVENT, object: { kind: 'test', id } });
            if (event % 5 === 4) throw new Error('rolled back');
            if (event % 5 === 3) await audit.record(tx, EVENT);
          })
          .catch((error: unknown) => expect(error).toEqual(new Error('rolled back')));
      }
    });
    await Promise.all(writers);
    // 12 of 15 commit, 3 of them with a second event.
    expect(await one.verify()).toMatchObject({ sound: true, rows: 6 * 15 });
    const { entries } = await one.list({}, 1_000);
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 90 }, (_, i) => 90 - i));
  });

  it('holds no patient id, and is found by it all the same', async () => {
    const audit = auditLog();
    await record(audit);
    await record(audit, { patientId: 'PAT0043' });
    const { rows } = await fresh.database.db.execute(sql`select a::text from audit_log a`);
    expect(JSON.stringify(rows)).not.toMatch(/PAT004/);
    const { entries } = await audit.list({ patientId: 'PAT0042' }, 10);
    expect(entries.map(({ seq }) => seq)).toEqual([1]);
  });

  it('refuses every change in the database itself', async () => {
    const { db } = fresh.database;
    await recordMany(fresh, auditLog(), 3);
    for (const change of [
      sql`update audit_log set action = 'x'`,
      sql`delete from audit_log where seq = 3`,
      sql`truncate audit_log`,
    ]) {
      await expect(db.execute(change)).rejects.toThrow(/audit_log is append-only/);
      const replica = db.transaction(async (tx) => {
        await tx.execute(sql`set local session_replication_role = replica`);
        await tx.execute(change);
      });
      await expect(replica).rejects.toThrow(/audit_log is append-only/);
    }
    expect((await auditLog().verify()).rows).toBe(3);
  });

  it('is listed by what is asked, page by page, the newest first', async () => {
    const audit = auditLog();
    for (let index = 1; index <= 12; index++) {
      await record(audit, {
        tenantId: index % 2 === 0 ? 'even' : 'odd',
        actor: { kind: 'key', id: `k${index % 3}` },
        action: ['patient.read', 'patient.write', 'patients_export'][index % 3]!,
        object: { kind: 'patient', id: `o${index}` },
        result: index > 10 ? 'refused' : 'success',
      });
    }
    const found = async (filter: Parameters<AuditLog['list']>[0]) =>
      (await audit.list(filter, 100)).entries.map(({ seq }) => seq);
    expect(await found({ tenantId: 'even' })).toEqual([12, 10, 8, 6, 4, 2]);
    expect(await found({ tenantId: 'even', actorId: 'k0' })).toEqual([12, 6]);
    expect(await found({ action: 'patient.*', result: 'refused' })).toEqual([12]);
    expect(await found({ action: 'patient.write' })).toEqual([10, 7, 4, 1]);
    expect(await found({ objectKind: 'patient', objectId: 'o7' })).toEqual([7]);
    const { entries } = await audit.list({}, 100);
    const at = (seq: number): Date => entries.find((entry) => entry.seq === seq)!.at;
    const between = entries.filter((entry) => entry.at >= at(3) && entry.at < at(9));
    expect(await found({ from: at(3), to: at(9) })).toEqual(between.map(({ seq }) => seq));

    const pages: number[][] = [];
    let cursor: string | undefined;
    do {
      const page = await audit.list({ tenantId: 'odd' }, 4, cursor);
      expect(page.total).toBe(6);
      pages.push(page.entries.map(({ seq }) => seq));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    expect(pages).toEqual([
      [11, 9, 7, 5],
      [3, 1],
    ]);
    await expect(audit.list({}, 4, "1' or 1")).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
  });

  it('is exported whole, in the order in which it was written', async () => {
    const audit = auditLog();
    await recordMany(fresh, audit, 1_203);
    const seqs: unknown[] = [];
    for await (const line of audit.export({}, 'jsonl')) {
      seqs.push((JSON.parse(line) as { seq: number }).seq);
    }
    expect(seqs).toEqual(Array.from({ length: 1_203 }, (_, index) => index + 1));
  });
});

describe('checkpoints', () => {
  it('follow new rows by themselves, and no more are written than are needed', async () => {
    const audit = auditLog();
    expect(await audit.open()).toBe(true);
    const anchored = async (seq: number): Promise<string[]> => {
      for (;;) {
        const files = await readdir(checkpointFolder).catch(() => []);
        const texts = await Promise.all(
          files.map((file) => readFile(path.join(checkpointFolder, file), 'utf8')),
        );
        const lines = texts.flatMap((text) => text.trimEnd().split('\n'));
        if (lines.at(-1)?.startsWith(`c1 ${seq} `)) return lines;
        await sleep(20);
      }
    };
    await record(audit);
    await anchored(1);
    // Nothing new: the next ones are not written.
    await sleep(1_100);
    expect(await anchored(1)).toHaveLength(1);
    await recordMany(fresh, audit, 5);
    expect((await anchored(6)).length).toBeLessThanOrEqual(2);
    expect(await audit.verify()).toMatchObject({ sound: true, unanchored: null });
  });

  it('raise the alarm at the next start when the end of the table has gone', async () => {
    const audit = auditLog();
    await recordMany(fresh, audit, 5);
    await audit.checkpoint();
    await attack(fresh.database.db, sql`delete from audit_log where seq > 3`);
    const next = auditLog();
    expect(await next.open()).toBe(false);
    expect(alarms).toEqual([expect.stringContaining('npm run audit -- verify')]);
    // The service goes on; what it writes over the gap does not hide it.
    await recordMany(fresh, next, 10);
    await next.checkpoint();
    const { findings } = await next.verify();
    expect(findings).toEqual([{ kind: 'replaced', seq: 5 }]);
  });

  it('name the rows that came after the last of them', async () => {
    const audit = auditLog();
    await recordMany(fresh, audit, 3);
    await audit.checkpoint();
    const before = Date.now();
    await recordMany(fresh, audit, 2);
    const { sound, unanchored } = await audit.verify();
    expect(sound).toBe(true);
    expect(unanchored).toMatchObject({ rows: 2 });
    expect(unanchored!.from.getTime()).toBeGreaterThanOrEqual(before);
    expect(unanchored!.to.getTime()).toBeLessThanOrEqual(Date.now());
  });

  it('outlast a kill between commit and checkpoint', async () => {
    for (const checkpointMs of [60_000, 20]) {
      const child = spawn(
        process.execPath,
        [
          path.join(process.cwd(), 'test/medium/audit-process.mjs'),
          fresh.url,
          key.toString('hex'),
          checkpointFolder,
          String(checkpointMs),
        ],
        { stdio: ['ignore', 'pipe', 'inherit'] },
      );
      const ended = once(child, 'exit');
      let committed = 0;
      for await (const line of createInterface({ input: child.stdout })) {
        committed = Number(line);
        if (committed === 50) child.kill('SIGKILL');
      }
      await ended;
      const audit = auditLog();
      const before = await audit.verify();
      expect(before.sound).toBe(true);
      expect(before.rows).toBeGreaterThanOrEqual(committed);
      if (checkpointMs === 60_000) {
        // Killed before any checkpoint: all of it is named as unanchored.
        expect(before.unanchored).toMatchObject({ rows: before.rows });
      }
      // As a write that was cut in its middle would leave it.
      const [file] = await readdir(checkpointFolder).catch(() => []);
      if (file !== undefined) await appendFile(path.join(checkpointFolder, file), 'c1 99 ab');
      expect(await audit.open()).toBe(true);
      expect(await audit.verify()).toMatchObject({ sound: true, unanchored: null });
    }
  });
});

describe('npm run audit', () => {
  it('verifies and exports, and says by its exit code when something is wrong', async () => {
    const dataDir = path.dirname(checkpointFolder);
    const env = {
      DATABASE_URL: fresh.url.replace('@/', '@localhost/'),
      DATA_DIR: dataDir,
      ENCRYPTION_KEY: key.toString('hex'),
    };
    // Made by the tool, with the keys of this installation.
    const file = path.join(dataDir, 'export.csv');
    for (const entries of [0, 1]) {
      const exported = await runTool('audit', ['export', '--format', 'csv', '--out', file], env);
      expect(exported).toEqual({
        code: 0,
        stdout: `Wrote ${entries} entries to ${file}\n`,
        stderr: '',
      });
      await rm(file);
    }
    const sound = await runTool('audit', ['verify'], env);
    expect(sound).toMatchObject({ code: 0, stderr: '' });
    expect(sound.stdout).toBe('2 rows, 2 checkpoints, 0 findings\nThe audit log is sound.\n');

    await attack(fresh.database.db, sql`delete from audit_log where seq = 2`);
    const tampered = await runTool('audit', ['verify'], env);
    expect(tampered.code).toBe(1);
    expect(tampered.stderr).toBe(
      'Row 2 was cut off the end: checkpoints prove that there were such rows.\n',
    );
  });
});
