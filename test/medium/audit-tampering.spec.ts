import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AuditLog, describeFinding, type AuditOptions } from '@app/audit';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import { sql, type SQL } from 'drizzle-orm';
import { attack, hashPatient, recordMany } from '../support/audit.js';

type Queryable = AuditOptions['db'];

const key = randomBytes(32);
let fresh: FreshDatabase;
let checkpointFolder: string;
beforeEach(async () => {
  fresh = await freshDatabase();
  checkpointFolder = await mkdtemp(path.join(tmpdir(), 'audit '));
});
afterEach(async () => {
  await fresh.drop();
  await rm(checkpointFolder, { recursive: true });
});

function auditLog(db: Queryable = fresh.database.db): AuditLog {
  return new AuditLog({ db, key, hashPatient, checkpointFolder, log: SILENT_LOG });
}

describe('tampering', () => {
  const ROWS = 250;
  const ATTACKS = 1_000;
  const anyRow = (): number => 1 + randomInt(ROWS);
  const COLUMNS: Readonly<Record<string, () => unknown>> = {
    id: randomUUID,
    at: () => new Date(Date.now() - 1 - randomInt(1e9)).toISOString(),
    tenant_id: () => 'other',
    actor_kind: () => 'system',
    actor_id: () => 'somebody else',
    session_id: () => null,
    key_id: () => 'k1',
    action: () => 'patient.list',
    object_kind: () => 'report',
    object_id: () => `not ${randomInt(1e9)}`,
    patient_hash: () => hashPatient('PAT0043').toString('hex'),
    reason: () => null,
    result: () => 'refused',
    status: () => 403,
    address: () => '10.0.0.2',
    user_agent: () => '',
    request_id: () => 'req-c-d',
    mac: () => randomBytes(32),
  };
  const shiftFrom = (seq: number, by: number): SQL[] => [
    sql`update audit_log set seq = -seq where seq >= ${seq}`,
    sql`update audit_log set seq = -seq + ${by} where seq < 0`,
  ];
  /** A row like one that is there, with a MAC of its own or another's. */
  const copyTo = (seq: number, from: number): SQL => sql`insert into audit_log
    select (jsonb_populate_record(a, jsonb_build_object('seq', ${seq}::bigint, 'id', ${randomUUID()}::text))).*
    from audit_log a where seq = ${from}`;

  const ATTACKS_BY_KIND: Readonly<Record<string, () => SQL[]>> = {
    edit: () => {
      const names = Object.keys(COLUMNS);
      const column = names[randomInt(names.length)]!;
      const value = sql`${COLUMNS[column]!()}`;
      return [
        sql`update audit_log set ${sql.identifier(column)} = ${value} where seq = ${anyRow()}`,
      ];
    },
    delete: () => {
      const first = anyRow();
      const last = Math.min(first + randomInt(5), ROWS);
      return [sql`delete from audit_log where seq between ${first} and ${last}`];
    },
    'delete and close the gap': () => {
      const gone = 1 + randomInt(ROWS - 1);
      return [sql`delete from audit_log where seq = ${gone}`, ...shiftFrom(gone + 1, -1)];
    },
    reorder: () => {
      const one = anyRow();
      const other = 1 + ((one + randomInt(ROWS - 1)) % ROWS);
      return [
        sql`update audit_log set seq = -seq where seq in (${one}, ${other})`,
        sql`update audit_log set seq = case seq when ${-one} then ${other}::bigint else ${one} end
          where seq < 0`,
      ];
    },
    insert: () => {
      const at = anyRow();
      const from = anyRow();
      return [...shiftFrom(at, 1), copyTo(at, from >= at ? from + 1 : from)];
    },
    'insert outside': () => [copyTo([0, -5, ROWS + 1, ROWS + 9][randomInt(4)]!, anyRow())],
    truncate: () => [sql`delete from audit_log where seq >= ${anyRow()}`],
    'replace by a truncated past': () => [
      sql`delete from audit_log where seq >= ${1 + randomInt(ROWS)}`,
      copyTo(ROWS, 1),
    ],
  };

  it(`is detected, ${ATTACKS} times out of ${ATTACKS}`, async () => {
    const audit = auditLog();
    await recordMany(fresh, audit, ROWS);
    // Writes the checkpoint.
    await audit.close();
    expect(await audit.verify()).toMatchObject({ sound: true, rows: ROWS });
    const kinds = Object.keys(ATTACKS_BY_KIND);
    const undetected: string[] = [];
    const found = new Set<string>();
    for (let count = 0; count < ATTACKS; count++) {
      const kind = kinds[count % kinds.length]!;
      await undone(async (tx) => {
        await attack(tx, ...ATTACKS_BY_KIND[kind]!());
        const { sound, findings } = await auditLog(tx).verify();
        if (sound) undetected.push(kind);
        for (const finding of findings) {
          found.add(finding.kind);
          expect(describeFinding(finding)).toMatch(/^(Row|Rows|Line) -?\d+/);
        }
      });
    }
    expect(undetected).toEqual([]);
    expect(found).toEqual(new Set(['altered', 'missing', 'truncated', 'inserted', 'replaced']));
    expect(await audit.verify()).toMatchObject({ sound: true, rows: ROWS });
  });

  it('with a second row of the same number is detected, the table’s key being dropped', async () => {
    const audit = auditLog();
    await recordMany(fresh, audit, 1_001);
    // Writes the checkpoint.
    await audit.close();
    for (const seq of [1, 500, 1_000, 1_001]) {
      await undone(async (tx) => {
        await tx.execute(sql`alter table audit_log drop constraint audit_log_pkey`);
        await attack(tx, copyTo(seq, seq));
        const { findings } = await auditLog(tx).verify();
        expect(findings).toContainEqual(expect.objectContaining({ kind: 'inserted' }));
      });
    }
  });

  async function undone(change: (tx: Queryable) => Promise<void>): Promise<void> {
    const rollback = new Error('undone');
    await fresh.database.db
      .transaction(async (tx) => {
        await change(tx);
        throw rollback;
      })
      .catch((error: unknown) => {
        if (error !== rollback) throw error;
      });
  }
});
