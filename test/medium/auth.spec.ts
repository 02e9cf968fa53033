import { setTimeout as sleep } from 'node:timers/promises';
import { tenantsRepository, usersRepository, type Auth, type Principal } from '@app/auth';
import { jest } from '@jest/globals';
import { DomainError } from '@app/common';
import { freshDatabase, type FreshDatabase } from '@app/database/testing';
import { Signals } from '@app/signals';
import { eq, isNotNull } from 'drizzle-orm';
import { decodeJwt, SignJWT, UnsecuredJWT } from 'jose';
import { apiKeys, refreshTokens, signingKeys } from '../../libs/auth/src/auth.schema.js';
import {
  ADMIN_PASSWORD as PASSWORD,
  startAuth,
  type AuthInstance,
} from '../support/auth-instance.js';

describe('accounts', () => {
  let fresh: FreshDatabase;
  let here: AuthInstance;
  let there: AuthInstance;

  beforeAll(async () => {
    fresh = await freshDatabase();
    here = await startAuth(fresh.database);
    there = await startAuth(fresh.database);
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await fresh.drop();
  });

  const logIn = (username = 'admin') => logInAt(here, username, PASSWORD);
  /** Commits what a refused sign-in counts, as the service does, and then throws. */
  async function logInAt({ auth }: AuthInstance, username: string, password: string) {
    const checked = await auth.signIn.checkPassword(username, password);
    const session = await fresh.database.transaction((tx) => auth.signIn.logIn(tx, checked));
    if (session instanceof DomainError) throw session;
    return auth.signIn.issue(session);
  }
  const identify = async ({ auth }: AuthInstance, credential: string): Promise<Principal> =>
    auth.authenticator.identify(credential);
  const codeOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no failure',
      (error: unknown) => (error as { code?: string }).code,
    );

  function createUser(username: string, roles = ['user'], tenantId = 'default') {
    return fresh.database.transaction((tx) =>
      here.auth.users.create(tx, {
        tenantId,
        username,
        password: PASSWORD,
        email: `${username}@example.org`,
        roles,
      }),
    );
  }

  function createKey(changes: Partial<Parameters<Auth['apiKeys']['create']>[1]> = {}) {
    return fresh.database.transaction((tx) =>
      here.auth.apiKeys.create(tx, {
        name: 'a key',
        tenantId: 'default',
        userId: null,
        tier: 'pro',
        permissions: ['predict'],
        limits: { perMinute: 7 },
        expiresAt: null,
        createdBy: 'test',
        ...changes,
      }),
    );
  }

  it('has one administrator, however many instances start at first', async () => {
    expect(await usersRepository.count(fresh.database.db, null)).toBe(1);
    const { accessToken } = await logIn();
    expect(await identify(there, accessToken)).toMatchObject({
      kind: 'user',
      tenantId: 'default',
      tier: 'enterprise',
    });
  });

  describe('access tokens', () => {
    it('are refused when made with another algorithm, purpose or key, or altered', async () => {
      const { accessToken } = await logIn();
      const claims = decodeJwt(accessToken);
      const [header = '', payload = '', signature = ''] = accessToken.split('.');
      const changed = Buffer.from(JSON.stringify({ ...claims, tid: 'other' })).toString(
        'base64url',
      );
      const forged = await new SignJWT({ ...claims })
        .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
        .sign(new TextEncoder().encode('x'.repeat(32)));
      const unsigned = new UnsecuredJWT({ ...claims }).encode();
      for (const token of [
        `${header}.${changed}.${signature}`,
        `${header}.${payload}.${signature.slice(0, -4)}AAAA`,
        `${header}.${payload}.`,
        forged,
        unsigned,
        'eyJhbGciOiJub25lIn0.e30.',
        'eyJ',
      ]) {
        expect(await codeOf(identify(here, token))).toBe('UNAUTHENTICATED');
      }
    });

    it('outlive a rotation of the signing key, on every instance', async () => {
      const before = await logIn();
      await here.auth.signingKeys.rotate();
      const after = await logIn();
      for (const { accessToken } of [before, after]) {
        // The other instance asks for keys it does not know at most once a second.
        await sleep(1_050);
        expect(await identify(there, accessToken)).toMatchObject({ kind: 'user' });
      }
    });
  });

  describe('signing keys', () => {
    /** What an instance says that has just started, as if the last rotation had been so long ago. */
    async function codeLater(minutes: number, credential: string) {
      const retiredAt = new Date(Date.now() - minutes * 60_000);
      const { db } = fresh.database;
      await db.update(signingKeys).set({ retiredAt }).where(isNotNull(signingKeys.retiredAt));
      const instance = await startAuth(fresh.database);
      return codeOf(identify(instance, credential)).finally(() => instance.close());
    }

    it('verify what an instance signs that looks for new ones once an hour', async () => {
      await here.auth.signingKeys.rotate();
      const { accessToken } = await logInAt(there, 'admin', PASSWORD);
      expect(await codeLater(89, accessToken)).toBe('no failure');
      expect(await codeLater(92, accessToken)).toBe('UNAUTHENTICATED');
      // The tests that follow need two instances that know the same keys.
      await there.auth.signingKeys.open();
    });
  });

  describe('refresh tokens', () => {
    it('answer 100 exchanges at once with one and the same successor', async () => {
      const { refreshToken, sessionId } = await logIn();
      const instances = [here, there];
      const pairs = await Promise.all(
        Array.from({ length: 100 }, (_, i) => instances[i % 2]!.auth.signIn.refresh(refreshToken)),
      );
      expect(new Set(pairs.map((pair) => pair.refreshToken)).size).toBe(1);
      expect(new Set(pairs.map((pair) => pair.sessionId))).toEqual(new Set([sessionId]));
      const rows = await fresh.database.db.select().from(refreshTokens);
      const family = rows.filter(({ familyId }) => familyId === sessionId);
      expect(family).toHaveLength(2);
      expect(family.filter(({ usedAt }) => usedAt === null)).toHaveLength(1);
      // The family goes on.
      const next = await there.auth.signIn.refresh(pairs[0]!.refreshToken);
      expect(next.refreshToken).not.toBe(pairs[0]!.refreshToken);
    });

    it('end the whole sign-in everywhere when one comes again after its successor was used', async () => {
      const first = await logIn();
      const second = await here.auth.signIn.refresh(first.refreshToken);
      const third = await here.auth.signIn.refresh(second.refreshToken);
      expect(await codeOf(there.auth.signIn.refresh(first.refreshToken))).toBe('TOKEN_REVOKED');
      expect(await codeOf(here.auth.signIn.refresh(third.refreshToken))).toBe('TOKEN_REVOKED');
      expect(await codeOf(identify(there, third.accessToken))).toBe('TOKEN_REVOKED');
      await eventually(() => codeOf(identify(here, third.accessToken)), 'TOKEN_REVOKED');
    });

    it('that nobody issued are not valid', async () => {
      expect(await codeOf(here.auth.signIn.refresh('x'.repeat(43)))).toBe('UNAUTHENTICATED');
    });
  });

  it('refuses access tokens on every instance within two seconds of a sign-out', async () => {
    const pair = await logIn();
    await identify(there, pair.accessToken);
    const ended = await fresh.database.transaction((tx) =>
      here.auth.signIn.logOut(tx, pair.sessionId),
    );
    await here.auth.announce(ended);
    expect(await codeOf(identify(here, pair.accessToken))).toBe('TOKEN_REVOKED');
    await eventually(() => codeOf(identify(there, pair.accessToken)), 'TOKEN_REVOKED');
    expect(await codeOf(here.auth.signIn.refresh(pair.refreshToken))).toBe('TOKEN_REVOKED');
  });

  it('refuses all that has ended, though telling the other instances of one failed', async () => {
    const [first, second] = [await logIn(), await logIn()];
    const issued = await createKey();
    for (const { auth } of [here, there]) {
      for (const held of [first.accessToken, second.accessToken, issued.key]) {
        await auth.authenticator.identify(held);
      }
    }
    await fresh.database.transaction((tx) => here.auth.apiKeys.revoke(tx, null, issued.row.id));
    const away = new DomainError('SERVICE_UNAVAILABLE', 'away');
    const send = jest.spyOn(Signals.prototype, 'send').mockRejectedValueOnce(away);
    const ended = { sessions: [first.sessionId, second.sessionId], keys: [issued.row.id] };
    await expect(here.auth.announce(ended)).rejects.toBe(away);
    send.mockRestore();
    expect(await codeOf(identify(here, first.accessToken))).toBe('TOKEN_REVOKED');
    expect(await codeOf(identify(here, second.accessToken))).toBe('TOKEN_REVOKED');
    expect(await codeOf(identify(here, issued.key))).toBe('UNAUTHENTICATED');
    await eventually(() => codeOf(identify(there, second.accessToken)), 'TOKEN_REVOKED');
    await eventually(() => codeOf(identify(there, issued.key)), 'UNAUTHENTICATED');
  });

  it('locks an account after failed sign-ins, in words that tell nothing', async () => {
    await createUser('locked');
    const messages = new Set<string>();
    const fail = async (name: string, password: string) => {
      const error: unknown = await logInAt(here, name, password).catch((e: unknown) => e);
      messages.add((error as Error).message);
    };
    for (let i = 0; i < 5; i++) await fail('locked', 'wrong-password-wrong');
    await fail('locked', PASSWORD);
    await fail('nobody', PASSWORD);
    expect(messages.size).toBe(1);
    const row = await usersRepository.byName(fresh.database.db, 'locked');
    expect(row?.lockedUntil?.getTime()).toBeGreaterThan(Date.now() + 50_000);
  });

  it('counts failures of sign-ins that come at once', async () => {
    await createUser('hammered');
    await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        logInAt([here, there][i % 2]!, 'hammered', 'wrong-password-wrong'),
      ),
    );
    const row = await usersRepository.byName(fresh.database.db, 'hammered');
    // Those that came once it was locked are not counted any more.
    expect(row?.failedLogins).toBe(5);
    expect(row?.lockedUntil).not.toBeNull();
  });

  it('lets nobody in with what a disabled user had', async () => {
    const user = await createUser('leaver');
    const pair = await logIn('LEAVER');
    const issued = await createKey({ userId: user.id });
    await identify(there, issued.key);
    const ended = await fresh.database.transaction((tx) => here.auth.users.disable(tx, user));
    await here.auth.announce(ended);
    expect(await codeOf(logIn('leaver'))).toBe('UNAUTHENTICATED');
    for (const credential of [pair.accessToken, issued.key]) {
      expect(await codeOf(identify(here, credential))).toMatch(/TOKEN_REVOKED|UNAUTHENTICATED/);
      await eventually(
        async () => (await codeOf(identify(there, credential))) !== 'no failure',
        true,
      );
    }
  });

  it.each([
    ['short', 'short'],
    ['holding the name', 'weakling-weakling'],
    ['all alike', 'aaaaaaaaaaaaaaaa'],
  ])('takes no password that is %s', async (_, password) => {
    const request = { tenantId: 'default', username: 'weakling', email: null, roles: ['user'] };
    const work = fresh.database.transaction((tx) =>
      here.auth.users.create(tx, { ...request, password }),
    );
    expect(await codeOf(work)).toBe('VALIDATION_ERROR');
  });

  describe('API keys', () => {
    it('stand for their tenant, tier, permissions and limits', async () => {
      const { key, row } = await createKey();
      expect(key.startsWith(row.prefix)).toBe(true);
      const principal = await identify(there, key);
      expect(principal).toMatchObject({
        kind: 'key',
        tenantId: 'default',
        tier: 'pro',
        limits: { perMinute: 7, perDay: 10_000 },
        keyId: row.id,
      });
      expect([...principal.permissions]).toEqual(['predict']);
      // The second time nobody has to be asked.
      expect(there.auth.authenticator.identify(key)).not.toBeInstanceOf(Promise);
    });

    it('are told from typing errors without asking the database', () => {
      expect(() => here.auth.authenticator.identify(`clin_${'a'.repeat(49)}`)).toThrow('not valid');
    });

    it('stop working everywhere within two seconds of their revocation', async () => {
      const { key, row } = await createKey();
      await identify(there, key);
      await fresh.database.transaction((tx) => here.auth.apiKeys.revoke(tx, 'default', row.id));
      await here.auth.announce({ sessions: [], keys: [row.id] });
      expect(await codeOf(identify(here, key))).toBe('UNAUTHENTICATED');
      await eventually(() => codeOf(identify(there, key)), 'UNAUTHENTICATED');
    });

    it('overlap with their successor, and then end', async () => {
      const { key, row } = await createKey();
      const next = await fresh.database.transaction((tx) =>
        here.auth.apiKeys.rotate(tx, null, row.id, 'test', 1),
      );
      await here.auth.announce({ sessions: [], keys: [row.id] });
      expect(await identify(here, key)).toMatchObject({ keyId: row.id });
      expect(await identify(here, next.key)).toMatchObject({ keyId: next.row.id });
      await sleep(1_100);
      expect(await codeOf(identify(here, key))).toBe('UNAUTHENTICATED');
    });

    it('pass on what they may do, and not when they were made and used', async () => {
      const { row } = await createKey({ expiresAt: new Date(Date.now() + 3600_000) });
      const long = new Date('2026-01-02T03:04:05Z');
      const { database } = fresh;
      const used = { createdAt: long, lastUsedAt: long };
      await database.db.update(apiKeys).set(used).where(eq(apiKeys.id, row.id));
      const before = Date.now();
      const next = await database.transaction((tx) =>
        here.auth.apiKeys.rotate(tx, null, row.id, 'another'),
      );
      const { name, tenantId, userId, tier, permissions, limits, expiresAt } = row;
      expect(next.row).toMatchObject({ name, tenantId, userId, tier, permissions, limits });
      expect(next.row).toMatchObject({ expiresAt, createdBy: 'another', lastUsedAt: null });
      expect(next.row.createdAt.getTime()).toBeGreaterThan(before - 1_000);
    });

    it('of another tenant are not there', async () => {
      const { row } = await createKey();
      const asOther = fresh.database.transaction((tx) =>
        here.auth.apiKeys.revoke(tx, 'other-tenant', row.id),
      );
      expect(await codeOf(asOther)).toBe('NOT_FOUND');
    });

    it('end with their tenant', async () => {
      const { database } = fresh;
      const tenant = await database.transaction((tx) =>
        here.auth.tenants.create(tx, 'Closing Clinic', 'free'),
      );
      const { key } = await createKey({ tenantId: tenant.id });
      await identify(there, key);
      const ended = await database.transaction((tx) => here.auth.tenants.disable(tx, tenant.id));
      await here.auth.announce(ended);
      await eventually(() => codeOf(identify(there, key)), 'UNAUTHENTICATED');
      expect((await tenantsRepository.byId(database.db, tenant.id))?.disabledAt).not.toBeNull();
    });
  });
});

/** Waits for it as long as a revocation may take. */
async function eventually<T>(look: () => Promise<T>, wanted: T): Promise<void> {
  const end = performance.now() + 2_000;
  while (performance.now() < end && (await look()) !== wanted) await sleep(20);
  expect(await look()).toBe(wanted);
}
