import { toAuditFilter } from './audit-filter.query.js';

describe('what the audit trail is asked for by', () => {
  it('is put in the terms of the trail', () => {
    const query = { actor_id: 'u-1', action: 'key.created', from: '2026-01-31', result: 'success' };
    expect(toAuditFilter(query)).toEqual({
      actorId: 'u-1',
      action: 'key.created',
      from: new Date('2026-01-31T00:00:00Z'),
      to: undefined,
      result: 'success',
    });
  });

  it.each<[string, Record<string, unknown>]>([
    ['action', { action: 'a\0' }],
    ['action', { action: 'a'.repeat(201) }],
    ['tenant_id', { tenant_id: ['a', 'b'] }],
    ['to', { to: '0000-01-01' }],
    ['result', { result: 'perhaps' }],
  ])('is refused when %s is wrong', (field, query) => {
    expect(() => toAuditFilter(query)).toThrow(
      expect.objectContaining({ fields: [expect.objectContaining({ field })] }),
    );
  });
});
