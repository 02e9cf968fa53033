import { rowMac } from './audit-chain.js';
import type { AuditRow } from './audit-row.js';

const key = Buffer.alloc(32, 3);
const start = Buffer.alloc(32);
const row: Omit<AuditRow, 'mac'> = {
  seq: 1,
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
  reason: 'ward round',
  result: 'success',
  status: 200,
  address: '10.0.0.1',
  userAgent: 'curl/8',
  requestId: 'req-a-b',
};

describe('the MAC of an audit row', () => {
  it('never changes, for rows are verified years later', () => {
    expect(rowMac(key, start, row).toString('hex')).toBe(
      'e11c51b6cbb967670c49557c46aa85b30d096030c10d06b6d9fcb9a0c68f9f1f',
    );
  });

  it('depends on the key, the predecessor and every column', () => {
    const changed: Record<keyof typeof row, unknown> = {
      seq: 2,
      id: '01936b5e-8f2a-7000-8000-000000000002',
      at: new Date('2026-01-02T03:04:05.679Z'),
      tenantId: 'other',
      actorKind: 'key',
      actorId: 'u2',
      sessionId: '',
      keyId: 'k',
      action: 'patient.write',
      objectKind: 'report',
      objectId: 'x',
      patientHash: null,
      reason: 'ward round ',
      result: 'refused',
      status: 403,
      address: null,
      userAgent: '-',
      requestId: 'req-a-c',
    };
    const macs = Object.entries(changed).map(([name, value]) =>
      rowMac(key, start, { ...row, [name]: value }),
    );
    macs.push(
      rowMac(key, start, row),
      rowMac(Buffer.alloc(32, 4), start, row),
      rowMac(key, Buffer.alloc(32, 1), row),
    );
    expect(new Set(macs.map((mac) => mac.toString('hex'))).size).toBe(macs.length);
  });

  it('differs for texts that are the same one after the other', () => {
    const split = { ...row, actorId: 'ab', sessionId: 'c' };
    const elsewhere = { ...row, actorId: 'a', sessionId: 'bc' };
    expect(rowMac(key, start, split)).not.toEqual(rowMac(key, start, elsewhere));
    const forged = { ...row, actorId: 'a;1:b', sessionId: null };
    const meant = { ...row, actorId: 'a', sessionId: 'b' };
    expect(rowMac(key, start, forged)).not.toEqual(rowMac(key, start, meant));
  });
});
