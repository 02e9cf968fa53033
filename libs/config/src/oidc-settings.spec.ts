import { loadConfig } from './app-config.js';
import { ConfigurationError } from './configuration-error.js';

const ISSUER = {
  OIDC_ISSUER: 'https://id.example.org/realms/hospital',
  OIDC_CLIENT_ID: 'clinserve',
  OIDC_ROLE_MAP: 'wards=clinician',
  PUBLIC_URL: 'https://ai.example.org/base/',
};

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('sign-in through an identity provider', () => {
  it('needs an issuer, a client, a role map and the address to come back to', () => {
    expect(loadConfig({ ...ISSUER, OIDC_ROLE_MAP: 'wards=clinician, *=user' }).oidc).toEqual({
      issuer: ISSUER.OIDC_ISSUER,
      clientId: 'clinserve',
      clientSecret: null,
      scopes: 'openid profile email',
      redirectUri: 'https://ai.example.org/base/auth/oidc/callback',
      roleClaim: 'groups',
      roleMap: [
        { value: 'wards', role: 'clinician' },
        { value: '*', role: 'user' },
      ],
      tenantId: 'default',
    });
    expect(problemsOf({ OIDC_ISSUER: ISSUER.OIDC_ISSUER })).toEqual([
      expect.stringMatching(/^OIDC_CLIENT_ID: is needed/),
      expect.stringMatching(/^OIDC_ROLE_MAP: is needed/),
      expect.stringMatching(/^PUBLIC_URL: is needed/),
    ]);
    expect(problemsOf({ OIDC_CLIENT_ID: 'x', OIDC_ROLE_MAP: '*=user' })).toHaveLength(2);
  });

  it('takes values that hold = themselves, and no comma', () => {
    const only = { ...ISSUER, OIDC_ROLE_MAP: 'cn=it=operator' };
    expect(loadConfig(only).oidc?.roleMap).toEqual([{ value: 'cn=it', role: 'operator' }]);
    for (const OIDC_ROLE_MAP of ['wards', 'wards=', '=clinician', 'wards=a b', ',']) {
      expect(problemsOf({ ...ISSUER, OIDC_ROLE_MAP })).toEqual([
        expect.stringMatching(/^OIDC_ROLE_MAP: must be values of OIDC_ROLE_CLAIM/),
      ]);
    }
  });

  it('crosses no network in the clear', () => {
    const local = { ...ISSUER, OIDC_ISSUER: 'http://127.0.0.1:9000', PUBLIC_URL: 'http://[::1]:8' };
    expect(problemsOf(local)).toEqual([]);
    expect(problemsOf({ ...ISSUER, OIDC_ISSUER: 'http://id.example.org' })).toEqual([
      expect.stringMatching(/^OIDC_ISSUER: must be https/),
    ]);
    expect(problemsOf({ ...ISSUER, PUBLIC_URL: 'http://ai.example.org' })).toEqual([
      expect.stringMatching(/^PUBLIC_URL: must be https/),
    ]);
  });

  it('asks for an ID token', () => {
    expect(problemsOf({ ...ISSUER, OIDC_SCOPES: 'profile' })).toEqual([
      'OIDC_SCOPES: must contain openid',
    ]);
    expect(loadConfig({ ...ISSUER, OIDC_SCOPES: 'openid  groups' }).oidc?.scopes).toBe(
      'openid groups',
    );
  });
});

describe('traces', () => {
  it('go to a collector by its base URL', () => {
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://otel.example.org:4318/' };
    expect(loadConfig(env).tracing).toEqual({ endpoint: 'http://otel.example.org:4318' });
  });
});
