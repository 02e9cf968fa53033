import { ALL_PERMISSIONS, ANONYMOUS, type Principal } from '@app/auth';
import { AuditLog } from '@app/audit';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import type { Acting } from '../../apps/api/src/routes/admin/acting.js';
import type { KeySettings } from '../../apps/api/src/routes/admin/api-keys.dto.js';
import { AdminApiKeysService } from '../../apps/api/src/routes/admin/api-keys.service.js';
import { AuditedActs } from '../../apps/api/src/routes/admin/audited-acts.js';
import { AdminTenantsService } from '../../apps/api/src/routes/admin/tenants.service.js';
import { AdminUsersService } from '../../apps/api/src/routes/admin/users.service.js';
import { startAuth, type AuthInstance } from '../support/auth-instance.js';
import { openAuditLog } from '../support/audit.js';

const OVERALL: Principal = {
  ...ANONYMOUS,
  kind: 'user',
  principalId: 'overall',
  permissions: new Set(ALL_PERMISSIONS),
};

const ACTING: Acting = {
  tenantId: 'default',
  actor: { kind: 'user', id: 'overall' },
  sessionId: null,
  keyId: null,
  reason: null,
  address: '10.0.0.1',
  userAgent: 'test',
  requestId: 'req-a-b',
};

describe('administration of accounts', () => {
  let fresh: FreshDatabase;
  let instance: AuthInstance;
  let closeAudit: () => Promise<void>;
  let users: AdminUsersService;
  let keys: AdminApiKeysService;
  let tenants: AdminTenantsService;
  /** An administrator of a tenant of tier pro. */
  let own: Principal;

  beforeAll(async () => {
    fresh = await freshDatabase();
    instance = await startAuth(fresh.database);
    const { audit, close } = await openAuditLog(fresh, AuditLog);
    closeAudit = close;
    const { auth } = instance;
    const acts = new AuditedActs(fresh.database, audit);
    users = new AdminUsersService(auth, fresh.database, acts);
    keys = new AdminApiKeysService(auth, fresh.database, acts, users);
    tenants = new AdminTenantsService(auth, fresh.database, acts);
    const tenant = await tenants.create({ name: 'North', tier: 'pro' }, OVERALL, ACTING);
    own = { ...OVERALL, principalId: 'own', tenantId: tenant.id, tier: 'pro' };
  });
  afterAll(async () => {
    await closeAudit();
    await instance.close();
    await fresh.drop();
  });

  describe('lists', () => {
    it.each(['0', 'nobody', 'a\0'])(
      'refuse a cursor that none of them gave out: %j',
      async (after) => {
        const refused = { code: 'VALIDATION_ERROR', fields: [{ field: 'cursor' }] };
        for (const list of [users, keys, tenants]) {
          await expect(list.list(OVERALL, { limit: 10, after })).rejects.toMatchObject(refused);
        }
      },
    );

    it('lead on from the default tenant, whose id is a word', async () => {
      const after = 'default';
      const all = await tenants.list(OVERALL, { limit: 10, after: null });
      const rest = await tenants.list(OVERALL, { limit: 10, after });
      expect(all.data.map(({ id }) => id).sort()).toEqual([own.tenantId, after].sort());
      expect(rest.data.map(({ id }) => id)).not.toContain(after);
    });
  });

  describe("a tenant's own administrator", () => {
    const create = (settings: Partial<KeySettings>, caller = own) =>
      keys.create({ name: 'key', tenant_id: own.tenantId, ...settings }, caller, ACTING);

    it.each<[string, Partial<KeySettings>, RegExp]>([
      ['a higher tier', { tier: 'enterprise' }, /tier.*pro/],
      ['no limit where the tenant has one', { limits: { per_minute: null } }, /per_minute.*100/],
      ['a higher limit', { limits: { per_minute: 1, items_per_day: 1_000_001 } }, /items_per_day/],
      [
        'a higher limit on a lower tier',
        { tier: 'free', limits: { concurrent: 33 } },
        /concurrent/,
      ],
    ])('gives no key %s', async (_, settings, message) => {
      await expect(create(settings)).rejects.toMatchObject({
        code: 'FORBIDDEN',
        message: expect.stringMatching(message) as string,
      });
      expect(await create(settings, OVERALL)).toMatchObject(settings);
    });

    it('gives keys all that the tenant has, and less', async () => {
      expect(await create({})).toMatchObject({ tier: 'pro', limits: null });
      const limits = { per_minute: 100, per_hour: 5, concurrent: 32 };
      expect(await create({ tier: 'free', limits })).toMatchObject({ tier: 'free', limits });
      const unlimited = { per_hour: null };
      expect(await create({ limits: unlimited })).toMatchObject({ limits: unlimited });
    });

    it('hears of a tier that does not exist', async () => {
      await expect(create({ tier: 'gold' })).rejects.toMatchObject({ code: 'VALIDATION_ERROR' });
    });
  });
});
