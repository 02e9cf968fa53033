import type { AuditEvent } from './audit-event.js';
import { rowContent } from './audit-row.js';

const event: AuditEvent = {
  tenantId: 'default',
  actor: { kind: 'user', id: 'u1' },
  action: 'patient.read',
  object: { kind: 'patient' },
  result: 'success',
};
const hash = (patientId: string): Buffer => Buffer.from(`hash of ${patientId.length}`);

describe('an audit row', () => {
  it('holds a patient’s hash and never the patient’s id', () => {
    const row = rowContent({ ...event, patientId: 'PAT0042' }, hash);
    expect(row.patientHash).toBe(Buffer.from('hash of 7').toString('hex'));
    expect(JSON.stringify(row)).not.toContain('PAT0042');
    expect(rowContent(event, hash).patientHash).toBeNull();
  });

  it('holds texts as the database gives them back, so that their MAC still fits', () => {
    const row = rowContent(
      { ...event, userAgent: 'a\0b\ud800c', reason: '🩺'.repeat(2_000), requestId: '' },
      hash,
    );
    expect(row.userAgent).toBe('a�b�c');
    expect(row.reason).toBe('🩺'.repeat(500));
    expect(row.requestId).toBe('');
    expect(rowContent({ ...event, reason: `x${'🩺'.repeat(600)}` }, hash).reason).toBe(
      `x${'🩺'.repeat(499)}�`,
    );
  });
});
