import type { AuditRow } from '../audit-row.js';
import { exportEntries, type ExportFormat } from './export-entries.js';

const row = {
  seq: 7,
  id: '01936b5e-8f2a-7000-8000-000000000001',
  at: new Date('2026-01-02T03:04:05.678Z'),
  tenantId: 'default',
  actorKind: 'user',
  actorId: 'u1',
  sessionId: null,
  keyId: null,
  action: 'patient.read',
  objectKind: 'patient',
  objectId: null,
  patientHash: 'ab12',
  reason: 'check, "twice"',
  result: 'success',
  status: 200,
  address: '10.0.0.1',
  userAgent: '=HYPERLINK("http://evil")',
  requestId: 'req-a-b',
  mac: Buffer.alloc(2, 255),
} satisfies AuditRow;

async function exported(format: ExportFormat): Promise<string[]> {
  const lines: string[] = [];
  async function* entries(): AsyncGenerator<AuditRow> {
    yield row;
  }
  for await (const line of exportEntries(entries(), format)) lines.push(line);
  return lines;
}

describe('an export of the audit log', () => {
  it('as JSON lines has one object an entry', async () => {
    const [line, ...others] = await exported('jsonl');
    expect(others).toEqual([]);
    expect(line).toMatch(/^[^\n]*\n$/);
    expect(JSON.parse(line!)).toMatchObject({
      seq: 7,
      at: '2026-01-02T03:04:05.678Z',
      tenant_id: 'default',
      session_id: null,
      reason: 'check, "twice"',
      user_agent: row.userAgent,
      mac: 'ffff',
    });
  });

  it.each(['jsonl', 'csv'] as const)(
    'as %s gives nothing when nothing can be read',
    async (format) => {
      async function* away(): AsyncGenerator<AuditRow> {
        throw new Error('away');
      }
      await expect(exportEntries(away(), format).next()).rejects.toThrow('away');
    },
  );

  it('as CSV has its heading without entries too', async () => {
    async function* none(): AsyncGenerator<AuditRow> {}
    const lines = exportEntries(none(), 'csv');
    expect((await lines.next()).value).toMatch(/^seq,id,at,/);
    expect((await lines.next()).done).toBe(true);
  });

  it('as CSV quotes what needs it and holds no formulas', async () => {
    const [heading, line] = await exported('csv');
    expect(heading).toMatch(/^seq,id,at,tenant_id,.*,request_id,mac\r\n$/);
    expect(line).toBe(
      '7,01936b5e-8f2a-7000-8000-000000000001,2026-01-02T03:04:05.678Z,default,user,u1,,,' +
        'patient.read,patient,,ab12,"check, ""twice""",success,200,10.0.0.1,' +
        '"\'=HYPERLINK(""http://evil"")",req-a-b,ffff\r\n',
    );
  });
});
