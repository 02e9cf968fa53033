import { usersRepository } from '@app/auth';
import { AuditLog } from '@app/audit';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import type { Acting } from '../../apps/api/src/routes/admin/acting.js';
import { AuditedActs } from '../../apps/api/src/routes/admin/audited-acts.js';
import { AuthService } from '../../apps/api/src/routes/auth/auth.service.js';
import { ADMIN_PASSWORD, startAuth, type AuthInstance } from '../support/auth-instance.js';
import { openAuditLog } from '../support/audit.js';

const ACTING: Acting = {
  tenantId: 'default',
  actor: { kind: 'anonymous', id: 'anonymous' },
  sessionId: null,
  keyId: null,
  reason: null,
  address: '10.0.0.1',
  userAgent: 'test',
  requestId: 'req-a-b',
};

/** Takes entries until it is told not to. */
class FragileAuditLog extends AuditLog {
  broken = false;

  override record(...args: Parameters<AuditLog['record']>): Promise<void> {
    return this.broken ? Promise.reject(new Error('the log is full')) : super.record(...args);
  }
}

describe('signing in and out, and the log of it', () => {
  let fresh: FreshDatabase;
  let instance: AuthInstance;
  let audit: FragileAuditLog;
  let closeAudit: () => Promise<void>;
  let service: AuthService;

  beforeEach(async () => {
    fresh = await freshDatabase();
    instance = await startAuth(fresh.database);
    ({ audit, close: closeAudit } = await openAuditLog(fresh, FragileAuditLog));
    const acts = new AuditedActs(fresh.database, audit);
    service = new AuthService(instance.auth, fresh.database, acts);
  });
  afterEach(async () => {
    await closeAudit();
    await instance.close();
    await fresh.drop();
  });

  const logIn = (password = ADMIN_PASSWORD) =>
    service.logIn({ username: 'admin', password }, ACTING);
  const sessions = async () => {
    const { rows } = await fresh.database.pool.query<{ revoked_for: string | null }>(
      'select revoked_for from token_families order by id',
    );
    return rows.map((row) => row.revoked_for);
  };
  const entries = async () =>
    (await audit.list({}, 100)).entries.map(({ action, result, status, actorKind }) =>
      [action, result, status, actorKind].join(' '),
    );
  const failures = async () =>
    (await usersRepository.byName(fresh.database.db, 'admin'))?.failedLogins;

  it('is there with its entry, or not at all', async () => {
    audit.broken = true;
    await expect(logIn()).rejects.toThrow('full');
    expect(await sessions()).toEqual([]);
    audit.broken = false;
    const { access_token } = await logIn();
    expect(await sessions()).toEqual([null]);
    expect(await entries()).toEqual(['session.start success 200 user']);

    const principal = await instance.auth.authenticator.identify(access_token);
    audit.broken = true;
    await expect(service.logOut(principal, ACTING)).rejects.toThrow('full');
    await expect(service.logOutAll(principal, ACTING)).rejects.toThrow('full');
    expect(await sessions()).toEqual([null]);
    expect(await instance.auth.authenticator.identify(access_token)).toMatchObject({
      kind: 'user',
    });
    audit.broken = false;
    await service.logOut(principal, ACTING);
    expect(await sessions()).toEqual(['logout']);
    const shown = async () => instance.auth.authenticator.identify(access_token);
    await expect(shown()).rejects.toMatchObject({ code: 'TOKEN_REVOKED' });
  });

  it('counts and records what failed, though the answer is an error', async () => {
    for (let i = 0; i < 6; i++) {
      await expect(logIn('wrong-password-wrong')).rejects.toMatchObject({
        code: 'UNAUTHENTICATED',
      });
    }
    expect(await failures()).toBe(5);
    await expect(logIn()).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await entries()).toEqual(Array(7).fill('session.start refused 401 anonymous'));
    expect(await sessions()).toEqual([]);
  });

  it('says which character no user name can hold', async () => {
    const signIn = service.logIn({ username: 'a\0', password: ADMIN_PASSWORD }, ACTING);
    await expect(signIn).rejects.toMatchObject({
      code: 'VALIDATION_ERROR',
      message: expect.stringContaining('NUL') as string,
    });
  });

  it('counts no failure that it cannot record', async () => {
    audit.broken = true;
    await expect(logIn('wrong-password-wrong')).rejects.toThrow('full');
    expect(await failures()).toBe(0);
  });

  it('ends every session of a user', async () => {
    const { access_token } = await logIn();
    await logIn();
    const principal = await instance.auth.authenticator.identify(access_token);
    expect(await service.logOutAll(principal, ACTING)).toEqual({ ended: 2 });
    expect(await sessions()).toEqual(['logout_all', 'logout_all']);
  });
});
