import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadConfig } from './app-config.js';
import { ConfigurationError } from './configuration-error.js';

const KEY = 'a-key-of-twenty-char';
const PEM = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----';

function problemsOf(env: NodeJS.ProcessEnv): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigurationError) return error.problems;
    throw error;
  }
  return [];
}

describe('loadConfig', () => {
  it('starts without any variable, on loopback and without a key', () => {
    expect(loadConfig({})).toEqual({
      environment: 'development',
      role: 'all',
      dataDir: path.resolve('data'),
      http: {
        host: '127.0.0.1',
        port: 8000,
        publicUrl: null,
        tls: null,
        corsOrigins: [],
        trustedProxies: 0,
        maxConnectionsPerAddress: null,
      },
      access: { keyRequired: false, apiKey: null, adminPassword: null, loopback: true },
      models: { serve: [], ownDir: path.resolve('data/models') },
      inference: {
        lanes: null,
        laneThreads: 1,
        laneEnvironment: {},
        maxBatchSize: 100,
        maxSequenceLength: 512,
      },
      state: { databaseUrl: null, redisUrl: null, encryptionKeys: null },
      monitoring: { storeText: false },
      oidc: null,
      tracing: null,
      jobs: {
        resultHours: 168,
        deadlineHours: 72,
        queuedPerTenant: 100,
        runningPerTenant: 10,
        maxInlineItems: 10_000,
        maxFileBytes: 500 * 1024 * 1024,
      },
      mail: null,
      webhooks: { allowPrivate: false },
      logging: { level: 'info', maskAddresses: false },
    });
  });

  it('converts what the operator set', () => {
    const config = loadConfig({
      PORT: ' 9000 ',
      PUBLIC_URL: 'https://ai.example.org/base/',
      DATA_DIR: '/srv/clinserve',
      MODEL_CACHE_DIR: '/srv/models',
      MODELS: 'assertion, notes@1.2.0',
      LANES: '3',
      LANE_THREADS: '2',
      MAX_BATCH_SIZE: '10',
      MAX_SEQUENCE_LENGTH: '128',
      JOB_DEADLINE_HOURS: '12',
    });
    expect(config.http).toMatchObject({ port: 9000, publicUrl: 'https://ai.example.org/base' });
    expect(config.dataDir).toBe('/srv/clinserve');
    expect(config.models).toEqual({ serve: ['assertion', 'notes@1.2.0'], ownDir: '/srv/models' });
    expect(config.inference).toMatchObject({
      lanes: 3,
      laneThreads: 2,
      maxBatchSize: 10,
      maxSequenceLength: 128,
    });
    expect(config.jobs).toMatchObject({ resultHours: 168, deadlineHours: 12 });
  });

  it('takes an empty variable as unset and ignores names it does not know', () => {
    expect(loadConfig({ PORT: '', API_KEY: ' ', PROT: 'x' })).toEqual(loadConfig({}));
  });

  it.each([
    ['INFO', 'info'],
    ['WARNING', 'warn'],
    ['Critical', 'fatal'],
  ])('reads the log level %s as %s', (written, level) => {
    expect(loadConfig({ LOG_LEVEL: written }).logging.level).toBe(level);
  });

  it('names every wrong variable and its rule, and no value', () => {
    const values = {
      ENVIRONMENT: 'prod-value',
      PORT: '70000',
      LANES: 'many-value',
      MAX_BATCH_SIZE: '0',
      REQUIRE_API_KEY: 'yes-value',
      PUBLIC_URL: 'ftp://value',
      API_KEY: 'spaced value',
      MODELS: 'a,,value',
      LOG_LEVEL: 'loud-value',
    };
    const problems = problemsOf(values);
    expect([...problems].sort()).toEqual([
      'API_KEY: must be visible ASCII characters without spaces',
      'ENVIRONMENT: must be one of development, staging, production',
      'LANES: must be a whole number',
      'LOG_LEVEL: must be one of fatal, error, warn, info, debug, trace, silent',
      'MAX_BATCH_SIZE: must be 1 or more',
      'MODELS: must be model names (name or name@version) separated by commas',
      'PORT: must be 65535 or less',
      'PUBLIC_URL: must be an absolute http or https URL without query, such as https://ai.example.org',
      'REQUIRE_API_KEY: must be true or false',
    ]);
    expect(new ConfigurationError(problems).message).not.toMatch(/value|70000/);
  });
});

describe('access without a key', () => {
  const exposed = { HOST: '0.0.0.0' };
  const development = { ENVIRONMENT: 'development' };

  it.each(['127.0.0.1', '127.9.9.9', 'localhost', '::1', '[::1]', '::ffff:127.0.0.1'])(
    'is open on loopback (%s) in development',
    (HOST) => expect(loadConfig({ HOST }).access.keyRequired).toBe(false),
  );

  it.each(['0.0.0.0', '::', '10.0.0.5', 'ai.example.org', '128.0.0.1'])(
    'is not possible beyond loopback (%s)',
    (HOST) => {
      expect(loadConfig({ HOST }).access.keyRequired).toBe(true);
      expect(problemsOf({ HOST, REQUIRE_API_KEY: 'false' })).toEqual([
        expect.stringMatching(/^REQUIRE_API_KEY: .*ENVIRONMENT=development/),
      ]);
    },
  );

  it('is open beyond loopback only when both variables say so', () => {
    const open = { ...exposed, ...development, REQUIRE_API_KEY: 'false' };
    expect(loadConfig(open).access.keyRequired).toBe(false);
    expect(loadConfig({ ...exposed, ...development }).access.keyRequired).toBe(true);
    expect(problemsOf({ ...exposed, REQUIRE_API_KEY: 'false', API_KEY: KEY })).toHaveLength(1);
  });

  it('ends as soon as a key is set', () => {
    expect(loadConfig({ API_KEY: 'dev' }).access).toEqual({
      keyRequired: true,
      apiKey: 'dev',
      adminPassword: null,
      loopback: true,
    });
    expect(loadConfig({ ...exposed, API_KEY: KEY }).access).toEqual({
      keyRequired: true,
      apiKey: KEY,
      adminPassword: null,
      loopback: false,
    });
  });

  it('is allowed on loopback beside a key, when asked for', () => {
    expect(loadConfig({ API_KEY: KEY, REQUIRE_API_KEY: 'False' }).access.keyRequired).toBe(false);
  });

  it.each(['staging', 'production'])('is never possible in %s', (ENVIRONMENT) => {
    const env = { ENVIRONMENT, DATABASE_URL: 'postgres://db/x', ENCRYPTION_KEY: '0f'.repeat(32) };
    expect(loadConfig(env).access.keyRequired).toBe(true);
    expect(problemsOf({ ...env, API_KEY: KEY, REQUIRE_API_KEY: 'false' })).toEqual([
      expect.stringMatching(/^REQUIRE_API_KEY: cannot be false/),
    ]);
    expect(problemsOf({ ...env, API_KEY: KEY.slice(0, 15), ADMIN_PASSWORD: 'short' })).toEqual([
      expect.stringMatching(/^API_KEY: must have 16 or more/),
      expect.stringMatching(/^ADMIN_PASSWORD: must have 12 or more/),
    ]);
  });
});

describe('the first password', () => {
  const passwordOf = (length: number) => ({ ADMIN_PASSWORD: 'x'.repeat(length) });

  it('is one that a user can sign in with', () => {
    expect(problemsOf(passwordOf(256))).toEqual([]);
    expect(problemsOf(passwordOf(257))).toEqual([
      'ADMIN_PASSWORD: must have at most 256 characters',
    ]);
  });
});

describe('state', () => {
  const base64 = Buffer.alloc(32, 7).toString('base64');

  it('lies outside of the machine in production', () => {
    expect(problemsOf({ ENVIRONMENT: 'production' })).toEqual([
      expect.stringMatching(/^DATABASE_URL: is needed/),
      expect.stringMatching(/^ENCRYPTION_KEY: is needed/),
    ]);
  });

  it('takes keys in hex and base64, the newest first', () => {
    const { encryptionKeys } = loadConfig({
      ENCRYPTION_KEY: `${'0F'.repeat(32)}, ${base64}`,
    }).state;
    expect(encryptionKeys).toEqual([Buffer.alloc(32, 15), Buffer.alloc(32, 7)]);
    expect(problemsOf({ ENCRYPTION_KEY: `${base64},short-secret` })).toEqual([
      expect.stringMatching(/^ENCRYPTION_KEY: must be 32 bytes/),
    ]);
  });

  it('names servers by URL', () => {
    expect(problemsOf({ DATABASE_URL: 'mysql://db', REDIS_URL: 'http://cache' })).toEqual([
      expect.stringMatching(/^DATABASE_URL: must be a URL such as postgres:/),
      expect.stringMatching(/^REDIS_URL: must be a URL such as redis:/),
    ]);
  });
});

describe('mail', () => {
  const SMTP_URL = 'smtps://user:secret@mail.example.org';

  it('goes to a server, from an address', () => {
    for (const MAIL_FROM of ['noreply@example.org', 'Clinserve <noreply@example.org>']) {
      expect(loadConfig({ SMTP_URL, MAIL_FROM }).mail).toEqual({ url: SMTP_URL, from: MAIL_FROM });
    }
    expect(problemsOf({ SMTP_URL })).toEqual(['MAIL_FROM: is needed when SMTP_URL is set']);
    expect(problemsOf({ SMTP_URL: 'mail.example.org', MAIL_FROM: 'nobody' })).toEqual([
      expect.stringMatching(/^SMTP_URL: must be a URL such as smtp:/),
      expect.stringMatching(/^MAIL_FROM: must be an address/),
    ]);
    expect(problemsOf({ SMTP_URL, MAIL_FROM: 'a@b.example\nBcc: c@d.example' })).toHaveLength(1);
  });
});

describe('browser origins', () => {
  it('are a list, with * for labels of a host', () => {
    const CORS_ORIGINS = 'https://a.example.org, http://localhost:5173,https://*.example.org';
    expect(loadConfig({ CORS_ORIGINS }).http.corsOrigins).toEqual([
      'https://a.example.org',
      'http://localhost:5173',
      'https://*.example.org',
    ]);
  });

  it.each(['*', 'example.org', 'https://a.example.org/path', 'https://a.example.org/'])(
    'are not %s',
    (CORS_ORIGINS) => expect(problemsOf({ CORS_ORIGINS })).toHaveLength(1),
  );
});

describe('secret files', () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'config-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  function file(name: string, text: string): string {
    const where = path.join(folder, name);
    writeFileSync(where, text);
    return where;
  }

  it('give a variable its value, without the line break at the end', () => {
    expect(loadConfig({ API_KEY_FILE: file('key', `${KEY}\r\n`) }).access.apiKey).toBe(KEY);
    expect(loadConfig({ PORT_FILE: file('port', '9001\n') }).http.port).toBe(9001);
  });

  it('are refused beside the variable itself, when missing and when empty', () => {
    const there = file('key', KEY);
    expect(problemsOf({ API_KEY: KEY, API_KEY_FILE: there })).toEqual([
      'API_KEY: API_KEY_FILE is set too; keep one of the two',
    ]);
    const missing = problemsOf({ API_KEY_FILE: path.join(folder, 'nowhere') });
    expect(missing).toEqual([expect.stringMatching(/^API_KEY_FILE: .*cannot be read \(ENOENT\)/)]);
    expect(missing.join()).not.toContain(folder);
    expect(problemsOf({ API_KEY_FILE: file('empty', '\n') })).toEqual([
      'API_KEY_FILE: the file is empty',
    ]);
  });

  it('hold the certificate and its key, by path or as text', () => {
    const cert = file('cert.pem', `${PEM}\n`);
    const expected = { cert: PEM, key: PEM };
    expect(loadConfig({ TLS_CERT: cert, TLS_KEY: cert }).http.tls).toEqual(expected);
    expect(loadConfig({ TLS_CERT_FILE: cert, TLS_KEY: PEM }).http.tls).toEqual(expected);
  });

  it('need certificate and key together, and PEM inside', () => {
    expect(problemsOf({ TLS_CERT: PEM })).toEqual([expect.stringMatching(/^TLS_KEY: .*together/)]);
    expect(problemsOf({ TLS_KEY: PEM })).toEqual([expect.stringMatching(/^TLS_CERT: .*together/)]);
    expect(problemsOf({ TLS_CERT: file('not.pem', 'x'), TLS_KEY: PEM })).toEqual([
      expect.stringMatching(/^TLS_CERT: .*no PEM/),
    ]);
  });
});
