import { Service } from '../support/service.js';

const ADMIN = { username: 'admin', password: 'the-first-password' };
const SENTENCE = { sentence: 'The patient denies any chest pain.', entity: 'chest pain' };

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Record<string, unknown>;
}

describe('accounts over HTTP', () => {
  let service: Service;
  let admin: string;

  beforeAll(async () => {
    service = await Service.start({
      REQUIRE_API_KEY: 'true',
      API_KEY: 'the-operators-own-key',
      ADMIN_PASSWORD: ADMIN.password,
    });
    admin = await logIn(ADMIN);
  });
  afterAll(async () => {
    await service.stop();
  });

  async function call(
    method: string,
    path: string,
    credential: string | null,
    body?: unknown,
  ): Promise<Answer> {
    const response = await fetch(service.url + path, {
      method,
      headers: {
        ...(credential === null ? {} : { Authorization: `Bearer ${credential}` }),
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const parsed = text.startsWith('{') ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status: response.status, headers: response.headers, body: parsed };
  }

  async function logIn({ username, password }: typeof ADMIN): Promise<string> {
    const { body } = await call('POST', '/auth/login', null, { username, password });
    return String(body['access_token']);
  }

  async function newKey(request: object = {}, as = admin): Promise<{ id: string; key: string }> {
    const { status, body } = await call('POST', '/admin/api-keys', as, {
      name: 'test',
      permissions: ['predict'],
      ...request,
    });
    expect(status).toBe(201);
    return { id: String(body['id']), key: String(body['api_key']) };
  }

  /** A tenant with an administrator of its own. */
  async function newTenant(name: string): Promise<{ id: string; admin: string }> {
    const tenant = await call('POST', '/admin/tenants', admin, { name, tier: 'pro' });
    const id = String(tenant.body['id']);
    const credentials = { username: name.toLowerCase(), password: 'a-password-of-the-tenant' };
    const request = { ...credentials, roles: ['admin'], tenant_id: id };
    expect((await call('POST', '/admin/users', admin, request)).status).toBe(201);
    return { id, admin: await logIn(credentials) };
  }

  it('lets nobody without a key past the public routes', async () => {
    const document = (await (await fetch(`${service.url}/openapi.json`)).json()) as {
      paths: Record<string, Record<string, { security?: unknown[] }>>;
    };
    const open: string[] = [];
    for (const [path, operations] of Object.entries(document.paths)) {
      for (const method of Object.keys(operations)) {
        const concrete = path.replaceAll(/\{\w+\}/g, '0196f3a2-5b1c-7c3e-9f00-000000000001');
        const body = ['post', 'put', 'patch'].includes(method) ? {} : undefined;
        const { status } = await call(method.toUpperCase(), concrete, null, body);
        if (status !== 401) open.push(`${method} ${path}`);
      }
    }
    expect(open.sort()).toEqual([
      'get /auth/oidc/callback',
      'get /auth/oidc/login',
      'get /gpu/health',
      'get /gpu/stats',
      'get /health',
      'get /health/live',
      'get /health/ready',
      'get /health/startup',
      'get /metrics',
      'post /auth/login',
      'post /auth/refresh',
    ]);
  });

  it('takes the operator’s key, made keys and access tokens, and tells who they are', async () => {
    const { key } = await newKey({ tier: 'pro' });
    for (const credential of ['the-operators-own-key', key, admin]) {
      expect((await call('POST', '/predict', credential, SENTENCE)).body).toMatchObject({
        label: 'ABSENT',
      });
    }
    expect((await call('GET', '/me', key)).body).toMatchObject({
      kind: 'key',
      tenant_id: 'default',
      tier: 'pro',
      permissions: ['predict'],
    });
    expect((await call('GET', '/me', admin)).body).toMatchObject({ username: 'admin' });
    expect((await call('GET', '/admin/users', 'the-operators-own-key')).status).toBe(403);
    expect((await call('GET', '/models', key)).body).toMatchObject({ error_code: 'FORBIDDEN' });
  });

  it('refuses a key beyond its limits, at once and with the time to wait', async () => {
    const { key } = await newKey({ tier: 'free', limits: { per_minute: 3 } });
    const answers: Answer[] = [];
    for (let i = 0; i < 4; i++) answers.push(await call('POST', '/predict', key, SENTENCE));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 429]);
    const { headers, body } = answers[3]!;
    expect(body).toMatchObject({ error_code: 'RATE_LIMIT_EXCEEDED' });
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    const status = await call('GET', '/rate-limit/status', key);
    expect(status.body).toMatchObject({ per_minute: { limit: 3, used: 3, remaining: 0 } });
  });

  it('counts the items of a batch and the sentences of a note against the day’s quota', async () => {
    const { key } = await newKey({ limits: { items_per_day: 5 } });
    const batch = { sentences: ['No fever.', 'No cough.', 'No pain.'] };
    expect((await call('POST', '/predict/batch', key, batch)).status).toBe(200);
    expect((await call('POST', '/predict/batch', key, batch)).body).toMatchObject({
      status: 429,
      error_code: 'QUOTA_EXCEEDED',
      details: { limit: 5, remaining: 2 },
    });
    const note = { text: 'He has no fever. He has a cough. He has no pain.' };
    expect((await call('POST', '/notes/analyze', key, note)).body).toMatchObject({
      error_code: 'QUOTA_EXCEEDED',
    });
  });

  it('counts nothing for a batch that it refuses', async () => {
    const { key } = await newKey({ limits: { items_per_day: 3 } });
    const sentences = ['No fever.', 'No cough.', { sentence: 'No pain.', entity: 'fever' }];
    expect((await call('POST', '/predict/batch', key, { sentences })).body).toMatchObject({
      error_code: 'ENTITY_NOT_FOUND',
      errors: [{ field: 'sentences[2].entity' }],
    });
    const unknown = { sentences: ['No fever.'], model_version: '99.0.0' };
    expect((await call('POST', '/predict/batch', key, unknown)).body).toMatchObject({
      error_code: 'UNKNOWN_MODEL_VERSION',
    });
    const right = { sentences: ['No fever.', 'No cough.', 'No pain.'] };
    expect((await call('POST', '/predict/batch', key, right)).status).toBe(200);
  });

  it('rotates keys with an overlap and revokes them at once', async () => {
    const { id, key } = await newKey();
    const rotated = await call('POST', `/admin/api-keys/${id}/rotate`, admin, {});
    const successor = String(rotated.body['api_key']);
    for (const credential of [key, successor]) {
      expect((await call('GET', '/me', credential)).status).toBe(200);
    }
    expect((await call('POST', `/admin/api-keys/${id}/rotate`, admin, {})).status).toBe(409);
    expect((await call('DELETE', `/admin/api-keys/${id}`, admin)).status).toBe(204);
    expect((await call('GET', '/me', key)).status).toBe(401);
    const list = await call('GET', '/admin/api-keys', admin);
    expect(JSON.stringify(list.body)).not.toContain(successor);
    expect(list.body['data']).toContainEqual(
      expect.objectContaining({ id, revoked_at: expect.any(String) }),
    );
  });

  it('ends a sign-in with its access token', async () => {
    const token = await logIn(ADMIN);
    expect((await call('POST', '/auth/logout', token)).status).toBe(204);
    expect((await call('GET', '/me', token)).body).toMatchObject({ error_code: 'TOKEN_REVOKED' });
  });

  it('keeps tenants apart in every route that lists, reads or changes', async () => {
    const north = await newTenant('North');
    const south = await newTenant('South');
    const { id, key } = await newKey({}, north.admin);
    expect((await call('GET', '/me', key)).body).toMatchObject({ tenant_id: north.id });

    for (const [method, path, body] of [
      ['GET', '/admin/users/north'],
      ['PUT', '/admin/users/north/roles', { roles: ['user'] }],
      ['POST', '/admin/users/north/disable'],
      ['POST', '/admin/users/north/enable'],
      ['POST', '/admin/users/north/reset-password', { password: 'another-long-password' }],
      ['POST', '/admin/users/north/api-key', { name: 'x' }],
      ['POST', `/admin/api-keys/${id}/rotate`, {}],
      ['DELETE', `/admin/api-keys/${id}`],
      ['PATCH', `/admin/tenants/${north.id}`, { weight: 2 }],
      ['DELETE', `/admin/tenants/${north.id}`],
      ['POST', '/admin/api-keys', { name: 'x', tenant_id: north.id }],
      ['POST', '/admin/tenants', { name: 'West', tier: 'pro' }],
      [
        'POST',
        '/admin/users',
        { username: 'x1', password: 'pass-word-pass', roles: [], tenant_id: north.id },
      ],
    ] as const) {
      const { status } = await call(method, path, south.admin, body);
      expect([method, path, status]).toEqual([method, path, 404]);
    }
    for (const path of [
      '/admin/users',
      '/admin/api-keys',
      '/admin/tenants',
      '/admin/audit-logs?limit=1000',
      '/admin/rate-limits',
    ]) {
      const { status, body } = await call('GET', path, south.admin);
      expect([path, status]).toEqual([path, 200]);
      const rows = body['data'] as { id: string; tenant_id?: string }[];
      const foreign = rows.filter((row) => (row.tenant_id ?? row.id) !== south.id);
      expect(foreign).toEqual([]);
    }
    // And all of it is there for its own administrator.
    expect((await call('DELETE', `/admin/api-keys/${id}`, north.admin)).status).toBe(204);
  });

  it('changes how much a tenant gets of what all share', async () => {
    const { id } = await newTenant('West');
    const change = (weight: number) => call('PATCH', `/admin/tenants/${id}`, admin, { weight });
    expect(await change(7)).toMatchObject({ status: 200, body: { id, tier: 'pro', weight: 7 } });
    expect((await change(0)).status).toBe(422);
    const { body } = await call('GET', '/admin/tenants?limit=1000', admin);
    expect(body['data']).toContainEqual(expect.objectContaining({ id, weight: 7 }));
  });

  it('lets nobody give more than they have', async () => {
    const request = {
      username: 'keeper',
      password: 'some-long-password',
      roles: ['operator'],
    };
    expect((await call('POST', '/admin/users', admin, request)).status).toBe(201);
    const operator = await logIn(request);
    expect((await call('POST', '/admin/users', operator, request)).status).toBe(403);
    const { key } = await newKey({ permissions: ['users:admin'] });
    const greedy = { name: 'greedy', permissions: ['audit:read'] };
    expect((await call('POST', '/admin/api-keys', key, greedy)).body).toMatchObject({
      error_code: 'FORBIDDEN',
    });
    const promoted = { username: 'promoted', password: 'a-long-long-password', roles: ['admin'] };
    expect((await call('POST', '/admin/users', key, promoted)).status).toBe(403);
    const reset = { password: 'now-it-is-my-password' };
    expect((await call('POST', '/admin/users/admin/reset-password', key, reset)).status).toBe(403);
  });

  it('records every act of administration, refused ones too, and proves that it is intact', async () => {
    const { id } = await newKey();
    await call('DELETE', `/admin/api-keys/${id}`, admin);
    const { body } = await call('GET', `/admin/audit-logs?object_id=${id}`, admin);
    expect(body['data']).toMatchObject([
      { action: 'api_key.revoke', result: 'success', status: 204, actor_kind: 'user' },
      { action: 'api_key.create', result: 'success', status: 201, address: '127.0.0.1' },
    ]);
    const refused = await call('GET', '/admin/audit-logs?result=refused', admin);
    expect(refused.body['data']).not.toEqual([]);
    expect((await call('GET', '/admin/audit-logs/verify', admin)).body).toMatchObject({
      sound: true,
      finding_count: 0,
    });
  });

  it('answers a wrong body by its fields and never by its values', async () => {
    const secret = 'short-secret';
    const wrong = { username: 'no spaces please', password: secret, roles: ['user'] };
    const { status, body } = await call('POST', '/admin/users', admin, wrong);
    expect(status).toBe(422);
    expect(JSON.stringify(body)).not.toContain(secret);
    expect(JSON.stringify(body)).not.toContain('no spaces please');
  });

  it('stops guessing of passwords', async () => {
    const statuses: number[] = [];
    for (let i = 0; i < 25; i++) {
      const guess = { username: 'admin2', password: `guess-number-${i}` };
      statuses.push((await call('POST', '/auth/login', null, guess)).status);
    }
    expect(statuses).toContain(429);
    expect(new Set(statuses)).toEqual(new Set([401, 429]));
  });
});
