import { ALL_PERMISSIONS, BUILT_IN_ROLES } from '../permissions.js';
import { ANONYMOUS, OPERATOR_KEY } from '../principal.js';
import { tenantScope } from './tenant-scope.js';

const ofDefault = (...permissions: string[]) => ({
  tenantId: 'default',
  permissions: new Set(permissions),
});

describe('tenantScope', () => {
  it.each(['models:admin', 'ops:admin', 'audit:read', 'limits:admin', 'users:admin'])(
    'is every tenant for holders of %s in the default tenant',
    (permission) => {
      expect(tenantScope(ofDefault('ops:read', permission))).toBeNull();
    },
  );

  it('is the own tenant for everybody else, whatever they hold', () => {
    expect(tenantScope({ tenantId: 'north', permissions: new Set(ALL_PERMISSIONS) })).toBe('north');
    expect(tenantScope(ofDefault())).toBe('default');
    expect(tenantScope(ofDefault(...BUILT_IN_ROLES['clinician']!.permissions))).toBe('default');
  });

  it('is the default tenant for callers without a key and for API_KEY', () => {
    expect(tenantScope(ANONYMOUS)).toBe('default');
    expect(tenantScope(OPERATOR_KEY)).toBe('default');
  });
});
