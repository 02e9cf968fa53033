import { Service } from '../support/service.js';
import {
  CLIENT,
  startProvider,
  visitProvider,
  type TestProvider,
} from '../support/oidc-provider.js';

const PASSWORD = 'the-first-password';

/** What a browser keeps of this service. */
class Browser {
  readonly cookies = new Map<string, string>();

  constructor(private readonly service: Service) {}

  async get(path: string): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const response = await fetch(new URL(path, this.service.url), {
      redirect: 'manual',
      headers: cookie === '' ? {} : { cookie },
    });
    for (const line of response.headers.getSetCookie()) {
      const [name = '', value = ''] = line.split(';', 1)[0]!.split('=', 2);
      if (/Max-Age=0\b/.test(line)) this.cookies.delete(name);
      else this.cookies.set(name, value);
    }
    return response;
  }
}

describe('sign-in through an identity provider, over HTTP', () => {
  let provider: TestProvider;
  let service: Service;
  let admin: string;

  beforeAll(async () => {
    service = await Service.start(async (url) => {
      provider = await startProvider(`${url}/auth/oidc/callback`);
      return {
        REQUIRE_API_KEY: 'true',
        ADMIN_PASSWORD: PASSWORD,
        PUBLIC_URL: url,
        OIDC_ISSUER: provider.issuer,
        OIDC_CLIENT_ID: CLIENT.clientId,
        OIDC_CLIENT_SECRET: CLIENT.clientSecret,
        OIDC_SCOPES: 'openid profile email groups',
        OIDC_ROLE_MAP: 'wards=clinician,it=operator',
      };
    });
    const login = await service.post('/auth/login', { username: 'admin', password: PASSWORD });
    expect(login.headers.get('cache-control')).toBe('no-store');
    admin = ((await login.json()) as { access_token: string }).access_token;
  });
  afterAll(async () => {
    await provider.stop();
    await service.stop();
  });

  async function as(token: string, path: string): Promise<Record<string, unknown>> {
    const response = await fetch(service.url + path, {
      headers: { Authorization: `Bearer ${token}`, 'X-Access-Reason': 'test' },
    });
    return (await response.json()) as Record<string, unknown>;
  }
  async function visit(browser: Browser, account: string, path = '/auth/oidc/login') {
    const leaving = await browser.get(path);
    expect(leaving.status).toBe(303);
    return visitProvider(leaving.headers.get('location') ?? '', account);
  }

  it('lets a browser in that comes back with its cookie, and answers as /auth/login does', async () => {
    const browser = new Browser(service);
    const leaving = await browser.get('/v1/auth/oidc/login');
    const [cookie] = leaving.headers.getSetCookie();
    expect(cookie).toMatch(
      /^clinserve-sign-in=e1\.\d+\.[\w-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    expect(leaving.headers.get('cache-control')).toBe('no-store');
    const back = await visitProvider(leaving.headers.get('location') ?? '', 'ann|wards');
    const answer = await browser.get(back.href);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(browser.cookies.size).toBe(0);
    const pair = (await answer.json()) as { access_token: string; refresh_token: string };
    expect(pair).toEqual({
      access_token: expect.any(String),
      refresh_token: expect.any(String),
      token_type: 'bearer',
      expires_in: 1_800,
    });
    const me = await as(pair.access_token, '/me');
    expect(me).toMatchObject({ kind: 'user', username: 'ann', tenant_id: 'default' });
    const { refresh_token } = pair;
    expect((await service.post('/auth/refresh', { refresh_token })).status).toBe(200);

    // Without its cookie the way back is closed; and so is it when the code is used again.
    expect((await browser.get(back.href)).status).toBe(401);
    for (const action of ['user.create', 'session.start']) {
      const { data } = await as(admin, `/admin/audit-logs?action=${action}`);
      expect(data).toContainEqual(
        expect.objectContaining({ actor_kind: 'user', actor_id: me['id'], result: 'success' }),
      );
    }
    const refused = await as(admin, '/admin/audit-logs?action=session.start&result=refused');
    expect(refused['data']).toContainEqual(expect.objectContaining({ status: 401 }));
  });

  it('leads on to the console with a token that is good once', async () => {
    const browser = new Browser(service);
    const back = await visit(browser, 'ben|it', '/auth/oidc/login?return_to=/console/jobs');
    const answer = await browser.get(back.href);
    expect(answer.status).toBe(303);
    const url = new URL(answer.headers.get('location') ?? '');
    expect(url.origin + url.pathname + url.search).toBe(`${service.url}/console/jobs`);
    const refresh_token = new URLSearchParams(url.hash.slice(1)).get('refresh_token');
    const exchanged = await service.post('/auth/refresh', { refresh_token });
    const { access_token } = (await exchanged.json()) as { access_token: string };
    expect(await as(access_token, '/me')).toMatchObject({ username: 'ben' });
  });

  it('leads nowhere else, and sets no cookie for it', async () => {
    for (const target of ['https://evil.example', '//evil.example', '/console/..//evil.example']) {
      const path = `/auth/oidc/login?return_to=${encodeURIComponent(target)}`;
      const answer = await new Browser(service).get(path);
      expect(answer.status).toBe(422);
      expect(answer.headers.getSetCookie()).toEqual([]);
      expect(answer.headers.get('location')).toBeNull();
    }
  });

  it('does not let one browser finish what another began', async () => {
    const attacker = new Browser(service);
    const back = await visit(attacker, 'mallory|it');
    const victim = new Browser(service);
    await victim.get('/auth/oidc/login');
    const answer = await victim.get(back.href);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ error_code: 'UNAUTHENTICATED' });
  });

  it('tells people without a role so', async () => {
    const browser = new Browser(service);
    const back = await visit(browser, 'nobody|choir');
    expect((await browser.get(back.href)).status).toBe(403);
  });

  it('says when to come back while the provider is away, and stays up', async () => {
    const browser = new Browser(service);
    const back = await visit(browser, 'ann|wards');
    await provider.stop();
    const answer = await browser.get(back.href);
    expect(answer.status).toBe(503);
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await fetch(`${service.url}/health/live`)).status).toBe(200);
    expect(service.output).not.toMatch(/code=|mallory|wards/);
    provider = await startProvider(
      `${service.url}/auth/oidc/callback`,
      Number(new URL(provider.issuer).port),
    );
    const again = new Browser(service);
    expect((await again.get((await visit(again, 'ann|wards')).href)).status).toBe(200);
  });
});
