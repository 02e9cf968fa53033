import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { usersRepository, type OidcOptions, type OidcSignInService } from '@app/auth';
import { DomainError } from '@app/common';
import { freshDatabase, SILENT_LOG, type FreshDatabase } from '@app/database/testing';
import { openEncryption, OperatorKeys, type Encryption } from '@app/encryption';
import { decodeJwt } from 'jose';
import { SignInAttempts } from '../../libs/auth/src/oidc/sign-in-attempt.js';
import { startAuth, type AuthInstance } from '../support/auth-instance.js';
import { FakeIssuer } from '../support/fake-issuer.js';
import {
  CLIENT,
  startProvider,
  visitProvider,
  type TestProvider,
} from '../support/oidc-provider.js';

const REDIRECT_URI = 'http://127.0.0.1:1/auth/oidc/callback';
const optionsFor = (issuer: string): OidcOptions => ({
  issuer,
  ...CLIENT,
  scopes: 'openid profile email groups',
  redirectUri: REDIRECT_URI,
  roleClaim: 'groups',
  roleMap: [
    { value: 'wards', role: 'clinician' },
    { value: 'it', role: 'operator' },
  ],
  tenantId: 'default',
});

let fresh: FreshDatabase;
let folder: string;
let cipher: Encryption;
const failures: unknown[] = [];

beforeAll(async () => {
  fresh = await freshDatabase();
  folder = await mkdtemp(path.join(tmpdir(), 'oidc '));
  cipher = await openEncryption({
    db: fresh.database.db,
    wrapper: OperatorKeys.of([Buffer.alloc(32, 7)], folder),
    log: SILENT_LOG,
  });
});
afterAll(async () => {
  await cipher.close();
  await fresh.drop();
  await rm(folder, { recursive: true });
});

function startFor(issuer: string, changes: Partial<OidcOptions> = {}): Promise<AuthInstance> {
  return startAuth(fresh.database, {
    cipher,
    oidc: { ...optionsFor(issuer), ...changes },
    onError: (error) => failures.push(error),
  });
}

/** Commits what entering changed, as the service does, and then throws a refusal. */
async function enter({ auth }: AuthInstance, query: string, sealed: string | undefined) {
  const returned = await serviceOf(auth).comeBack(query, sealed);
  const entrance = await fresh.database.transaction((tx) => serviceOf(auth).enter(tx, returned));
  await auth.announce(entrance.ended);
  if (entrance.session instanceof DomainError) throw entrance.session;
  return { ...entrance, pair: await auth.signIn.issue(entrance.session) };
}

function serviceOf({ oidc }: AuthInstance['auth']): OidcSignInService {
  if (oidc === null) throw new Error('started without an identity provider');
  return oidc;
}

const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => ({ code: 'no failure', retryAfterSeconds: undefined }),
    (error: unknown) => error as DomainError,
  );
const codeOf = async (work: Promise<unknown>) => (await failureOf(work)).code;

describe('sign-in through an OpenID provider', () => {
  let provider: TestProvider;
  let here: AuthInstance;
  let there: AuthInstance;

  beforeAll(async () => {
    provider = await startProvider(REDIRECT_URI);
    here = await startFor(provider.issuer);
    there = await startFor(provider.issuer);
  });
  afterAll(async () => {
    await here.close();
    await there.close();
    await provider.stop();
  });

  /** A browser that goes all the way to the provider and back, but is not let in yet. */
  async function leaveAndReturn(account: string, change: (url: URL) => void = () => undefined) {
    const { url, attempt } = await serviceOf(here.auth).begin(null);
    const changed = new URL(url);
    change(changed);
    const back = await visitProvider(changed.href, account);
    expect(back.origin + back.pathname).toBe(REDIRECT_URI);
    return { query: back.search.slice(1), attempt };
  }
  async function signIn(account: string) {
    const { query, attempt } = await leaveAndReturn(account);
    // Any process finishes what another began.
    return enter(there, query, attempt);
  }

  it('makes a user of who has a role, and knows them again', async () => {
    const first = await signIn('ann|wards,choir|ann@example.org|verified');
    expect(first.changed).toMatchObject({
      as: 'created',
      user: { username: 'ann', tenantId: 'default', roles: ['clinician'], passwordHash: null },
    });
    const user = await usersRepository.byName(fresh.database.db, 'ann');
    expect(here.auth.users.emailOf(user!)).toBe('ann@example.org');
    expect(user?.email).not.toContain('ann@');
    const principal = await here.auth.authenticator.identify(first.pair.accessToken);
    expect(principal).toMatchObject({ kind: 'user', principalId: user?.id, tenantId: 'default' });
    expect(principal.permissions.has('phi:read')).toBe(true);

    const second = await signIn('ann|wards');
    expect(second.changed).toBeNull();
    expect(second.pair.userId).toBe(user?.id);
    expect(second.pair.sessionId).not.toBe(first.pair.sessionId);
    expect((await here.auth.signIn.refresh(second.pair.refreshToken)).userId).toBe(user?.id);
  });

  it('ends within twelve hours, for the provider to be asked again', async () => {
    const { pair } = await signIn('brief|it');
    const { rows } = await fresh.database.pool.query<{ seconds: string }>(
      'select extract(epoch from expires_at - created_at) as seconds from token_families where id = $1',
      [pair.sessionId],
    );
    expect(Number(rows[0]?.seconds)).toBe(12 * 3600);
  });

  it('links nobody by name or address', async () => {
    await fresh.database.transaction((tx) =>
      here.auth.users.create(tx, {
        tenantId: 'default',
        username: 'carl',
        password: 'a-long-enough-password',
        email: 'carl@example.org',
        roles: ['admin'],
      }),
    );
    const { changed, pair } = await signIn('carl|it|carl@example.org|verified');
    expect(changed?.user).toMatchObject({ roles: ['operator'] });
    expect(changed?.user.username).toMatch(/^oidc-[\da-f]{16}$/);
    const local = await usersRepository.byName(fresh.database.db, 'carl');
    expect(pair.userId).not.toBe(local?.id);
    expect(local?.roles).toEqual(['admin']);
  });

  it('keeps no address that the provider has not verified', async () => {
    const { changed } = await signIn('dora|it|admin@example.org|unverified');
    expect(changed?.user.email).toBeNull();
  });

  it('follows the roles that the provider gives, and ends what stood on others', async () => {
    const before = await signIn('eve|it,wards');
    const same = await signIn('eve|wards,it');
    expect(same.changed).toBeNull();
    const after = await signIn('eve|wards');
    expect(after.changed).toMatchObject({ as: 'roles', user: { roles: ['clinician'] } });
    for (const { pair } of [before, same]) {
      expect(await codeOf(there.auth.signIn.refresh(pair.refreshToken))).toBe('TOKEN_REVOKED');
      const shown = async () => there.auth.authenticator.identify(pair.accessToken);
      expect(await codeOf(shown())).toBe('TOKEN_REVOKED');
    }
    expect(await codeOf(signIn('eve|'))).toBe('FORBIDDEN');
    expect(await codeOf(there.auth.signIn.refresh(after.pair.refreshToken))).toBe('TOKEN_REVOKED');
    expect((await usersRepository.byName(fresh.database.db, 'eve'))?.roles).toEqual([]);
  });

  it('refuses those without a role, and makes no user of them', async () => {
    expect(await codeOf(signIn('nobody|choir'))).toBe('FORBIDDEN');
    expect(await usersRepository.byName(fresh.database.db, 'nobody')).toBeNull();
  });

  it('refuses disabled users, and has no password for anybody to guess or to set', async () => {
    const { pair } = await signIn('frank|it');
    const { auth } = here;
    const user = (await usersRepository.byId(fresh.database.db, pair.userId))!;
    for (const act of [
      fresh.database.transaction((tx) => auth.users.resetPassword(tx, user, 'a-new-long-password')),
      fresh.database.transaction((tx) => auth.users.changeRoles(tx, user, ['admin'])),
    ]) {
      expect(await codeOf(act)).toBe('CONFLICT');
    }
    const checked = await auth.signIn.checkPassword('frank', '');
    expect(checked).toMatchObject({ right: false, hash: null });
    await fresh.database.transaction((tx) => auth.users.disable(tx, user));
    expect(await codeOf(signIn('frank|it'))).toBe('UNAUTHENTICATED');
  });

  it('lets a locked name in, since guessing passwords must not keep its owner out', async () => {
    const { pair } = await signIn('gina|it');
    const until = new Date(Date.now() + 60_000);
    await usersRepository.update(fresh.database.db, pair.userId, { lockedUntil: until });
    expect((await signIn('gina|it')).pair.userId).toBe(pair.userId);
  });

  it('makes one user of somebody who comes twice at once', async () => {
    const visits = await Promise.all([leaveAndReturn('hugo|it'), leaveAndReturn('hugo|it')]);
    const [one, other] = await Promise.all(
      visits.map(({ query, attempt }, i) => enter([here, there][i]!, query, attempt)),
    );
    expect(one!.pair.userId).toBe(other!.pair.userId);
  });

  describe('is refused when', () => {
    it('the code was redeemed before', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it');
      const { pair } = await enter(here, query, attempt);
      expect(decodeJwt(pair.accessToken).sub).toBe(pair.userId);
      expect(await codeOf(enter(here, query, attempt))).toBe('UNAUTHENTICATED');
    });

    it('the browser is not the one that began: no cookie, another’s, or an altered one', async () => {
      const victim = await leaveAndReturn('ivan|it');
      const attacker = await leaveAndReturn('mallory|it');
      const { attempt } = victim;
      const at = attempt.length - 9;
      const altered = `${attempt.slice(0, at)}${attempt[at] === 'A' ? 'B' : 'A'}${attempt.slice(at + 1)}`;
      for (const cookie of [undefined, '', 'e1.1.AAAA', altered, attacker.attempt]) {
        expect(await codeOf(enter(here, victim.query, cookie))).toBe('UNAUTHENTICATED');
      }
    });

    it('it took too long', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it');
      const opened = new SignInAttempts(cipher).open(attempt)!;
      const elevenMinutesAgo = () => Date.now() - 11 * 60_000;
      const old = new SignInAttempts(cipher, elevenMinutesAgo).seal(opened);
      expect(await codeOf(enter(here, query, old))).toBe('UNAUTHENTICATED');
    });

    it('the state is wrong, missing or double', async () => {
      for (const state of ['x', '', null, ['a', 'b']]) {
        const { query, attempt } = await leaveAndReturn('ivan|it');
        const changed = new URLSearchParams(query);
        changed.delete('state');
        for (const value of [state ?? []].flat()) changed.append('state', value);
        expect(await codeOf(enter(here, changed.toString(), attempt))).toBe('UNAUTHENTICATED');
      }
    });

    it('the nonce was exchanged on the way', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it', (url) =>
        url.searchParams.set('nonce', 'of-somebody-else'),
      );
      expect(await codeOf(enter(here, query, attempt))).toBe('UNAUTHENTICATED');
    });

    it('the code was issued for another PKCE challenge', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it', (url) =>
        url.searchParams.set('code_challenge', 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'),
      );
      expect(await codeOf(enter(here, query, attempt))).toBe('UNAUTHENTICATED');
    });

    it('the answer names another issuer', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it');
      const changed = new URLSearchParams(query);
      expect(changed.get('iss')).toBe(provider.issuer);
      changed.set('iss', 'https://evil.example');
      expect(await codeOf(enter(here, changed.toString(), attempt))).toBe('UNAUTHENTICATED');
    });

    it('the provider says no', async () => {
      const { query, attempt } = await leaveAndReturn('ivan|it');
      const state = new URLSearchParams(query).get('state') ?? '';
      const denied = new URLSearchParams({ error: 'access_denied', state, iss: provider.issuer });
      expect(await codeOf(enter(here, denied.toString(), attempt))).toBe('UNAUTHENTICATED');
    });
  });
});

describe('a hostile or failing issuer', () => {
  let fake: FakeIssuer;
  let here: AuthInstance;

  beforeAll(async () => {
    fake = await FakeIssuer.start();
    here = await startFor(fake.issuer);
  });
  afterAll(async () => {
    await here.close();
    await fake.close();
  });
  beforeEach(() => {
    fake.broken = null;
    failures.length = 0;
  });

  async function comeBack(claims: object, more: object = {}) {
    const { url, attempt } = await serviceOf(here.auth).begin(null);
    const { searchParams } = new URL(url);
    const now = Math.floor(Date.now() / 1000);
    fake.next = {
      claims: {
        iss: fake.issuer,
        aud: CLIENT.clientId,
        sub: 'olga',
        iat: now,
        exp: now + 60,
        nonce: searchParams.get('nonce'),
        groups: ['it'],
        ...claims,
      },
      ...more,
    };
    return enter(here, `code=any&state=${searchParams.get('state')}`, attempt);
  }

  it('is believed when everything is right', async () => {
    expect((await comeBack({})).changed?.user.roles).toEqual(['operator']);
    const { changed } = await comeBack(
      { sub: 'paul', groups: undefined },
      { userInfo: { sub: 'paul', groups: ['wards'], preferred_username: 'paul p' } },
    );
    expect(changed?.user.roles).toEqual(['clinician']);
    // No name that /admin/users would not take.
    expect(changed?.user.username).toMatch(/^oidc-/);
  });

  it.each<[string, object, object]>([
    ['of another issuer', { iss: 'https://evil.example' }, {}],
    ['for another client', { aud: 'another' }, {}],
    ['signed with a key it does not publish', {}, { foreignKey: true }],
    ['of another attempt', { nonce: 'another' }, {}],
    ['without a nonce', { nonce: undefined }, {}],
    ['that has expired', { iat: 1_700_000_000, exp: 1_700_000_060 }, {}],
    ['without a subject', { sub: undefined }, {}],
    ['beside the user info of another', { groups: undefined }, { userInfo: { sub: 'admin' } }],
  ])('is refused an ID token %s', async (_, claims, more) => {
    expect(await codeOf(comeBack(claims, more))).toBe('UNAUTHENTICATED');
  });

  it('that fails is told from a sign-in that is wrong, and is named in the log without its words', async () => {
    const { attempt } = await serviceOf(here.auth).begin(null);
    const state = new SignInAttempts(cipher).open(attempt)!.state;
    fake.broken = 502;
    const error = await failureOf(enter(here, `code=any&state=${state}`, attempt));
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 5 });
    expect(String(failures[0])).toContain('OAUTH_RESPONSE_IS_NOT_CONFORM');
  });

  it('that is away at the start keeps nobody else out, and is found when it is back', async () => {
    const away = await FakeIssuer.start();
    away.broken = 503;
    const late = await startFor(away.issuer);
    const checked = await late.auth.signIn.checkPassword('admin', 'a-long-enough-password');
    expect(checked.right).toBe(true);
    const error = await failureOf(serviceOf(late.auth).begin(null));
    expect(error).toMatchObject({ code: 'SERVICE_UNAVAILABLE', retryAfterSeconds: 1 });
    away.broken = null;
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    expect((await serviceOf(late.auth).begin(null)).url).toContain(away.issuer);
    await late.close();
    await away.close();
  });

  it.each([
    [{ tenantId: 'no-such-tenant' }, 'OIDC_TENANT'],
    [{ roleMap: [{ value: 'x', role: 'no-such-role' }] }, 'OIDC_ROLE_MAP'],
  ])('does not start with %j', async (changes, named) => {
    await expect(startFor(fake.issuer, changes)).rejects.toThrow(named);
  });
});
