import path from 'node:path';
import { accessRule } from './access-rule.js';
import type { AccessConfig } from './access-rule.js';
import { checkVariables } from './check-variables.js';
import { ConfigurationError } from './configuration-error.js';
import { laneEnvironment } from './lane-environment.js';
import { encryptionKey, listOf } from './value-forms.js';
import type { Environment, EnvironmentName, LogLevel, Role } from './environment.schema.js';
import { oidcSettings, type OidcConfig } from './oidc-settings.js';
import { readSecret, readVariables } from './read-variables.js';

/** What the operator chose, as the options each part takes. */
export interface AppConfig {
  readonly environment: EnvironmentName;
  readonly role: Role;
  /** Absolute; everything the service writes lies below it. */
  readonly dataDir: string;
  readonly http: HttpConfig;
  readonly access: AccessConfig;
  readonly models: ModelsConfig;
  readonly inference: InferenceConfig;
  readonly state: StateConfig;
  readonly monitoring: { readonly storeText: boolean };
  readonly jobs: JobsConfig;
  /** The operator's mail server; null when there is none. */
  readonly mail: { readonly url: string; readonly from: string } | null;
  readonly webhooks: { readonly allowPrivate: boolean };
  /** Null unless users sign in through an identity provider. */
  readonly oidc: OidcConfig | null;
  /** Where traces go; null for none. */
  readonly tracing: { readonly endpoint: string } | null;
  readonly logging: { readonly level: LogLevel; readonly maskAddresses: boolean };
}

export interface HttpConfig {
  readonly host: string;
  readonly port: number;
  /** Without a trailing slash; null means links are relative. */
  readonly publicUrl: string | null;
  /** PEM text. */
  readonly tls: { readonly cert: string; readonly key: string } | null;
  /** Exact origins, and patterns with `*`. */
  readonly corsOrigins: readonly string[];
  /** How many proxies in front of the service add to `X-Forwarded-For`. */
  readonly trustedProxies: number;
  /** Open at once from one address that is not this machine's; null for no limit. */
  readonly maxConnectionsPerAddress: number | null;
}

/** Where the service keeps what must last; null means embedded or none. */
export interface StateConfig {
  readonly databaseUrl: string | null;
  readonly redisUrl: string | null;
  /** 32 bytes each; the first encrypts, the others only decrypt. Null: made in the data folder. */
  readonly encryptionKeys: readonly Buffer[] | null;
}

/** Limits of long work. */
export interface JobsConfig {
  /** How long results and input are kept after a job's end. */
  readonly resultHours: number;
  /** From a job's acceptance; unfinished then, it fails. */
  readonly deadlineHours: number;
  readonly queuedPerTenant: number;
  readonly runningPerTenant: number;
  /** Most inputs that come with a request. */
  readonly maxInlineItems: number;
  /** The most bytes of an uploaded file of inputs. */
  readonly maxFileBytes: number;
}

export interface ModelsConfig {
  /** `name` or `name@version`; empty means every model found. */
  readonly serve: readonly string[];
  /** Absolute path of the operator's own models; need not exist. */
  readonly ownDir: string;
}

export interface InferenceConfig {
  /** Null means as many as cores and memory allow. */
  readonly lanes: number | null;
  readonly laneThreads: number;
  /** What the processes that run models see of the environment. */
  readonly laneEnvironment: Readonly<Record<string, string>>;
  /** Most items of one batch request. */
  readonly maxBatchSize: number;
  /** Upper limit of every model's `maxTokens`. */
  readonly maxSequenceLength: number;
}

/**
 * Reads the configuration; the only place where the environment enters.
 * @throws ConfigurationError naming every variable that is wrong, never a value.
 */
export function loadConfig(env: NodeJS.ProcessEnv = process.env): AppConfig {
  const problems: string[] = [];
  const raw = readVariables(env, problems);
  const checked = checkVariables(raw, problems);
  if (checked === null || problems.length > 0) throw new ConfigurationError(problems);

  const access = accessRule(checked, raw.ENVIRONMENT === 'development', problems);
  const tls = tlsOf(checked, problems);
  const state = stateOf(checked, problems);
  const oidc = oidcSettings(checked, problems);
  const mail = mailOf(checked, problems);
  if (problems.length > 0) throw new ConfigurationError(problems);

  const dataDir = path.resolve(checked.DATA_DIR);
  return {
    environment: checked.ENVIRONMENT,
    role: checked.ROLE,
    dataDir,
    http: {
      host: checked.HOST,
      port: checked.PORT,
      publicUrl: checked.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
      tls,
      corsOrigins: listOf(checked.CORS_ORIGINS ?? ''),
      trustedProxies: checked.TRUSTED_PROXIES,
      maxConnectionsPerAddress: checked.MAX_CONNECTIONS_PER_ADDRESS ?? null,
    },
    access,
    models: {
      serve: checked.MODELS?.split(',').map((name) => name.trim()) ?? [],
      ownDir: path.resolve(checked.MODEL_CACHE_DIR ?? path.join(dataDir, 'models')),
    },
    inference: {
      lanes: checked.LANES ?? null,
      laneThreads: checked.LANE_THREADS,
      laneEnvironment: laneEnvironment(env),
      maxBatchSize: checked.MAX_BATCH_SIZE,
      maxSequenceLength: checked.MAX_SEQUENCE_LENGTH,
    },
    state,
    monitoring: { storeText: checked.STORE_PREDICTION_TEXT },
    jobs: {
      resultHours: checked.JOB_RESULT_HOURS,
      deadlineHours: checked.JOB_DEADLINE_HOURS,
      queuedPerTenant: checked.JOB_MAX_QUEUED,
      runningPerTenant: checked.JOB_MAX_RUNNING,
      maxInlineItems: checked.JOB_MAX_INLINE_ITEMS,
      maxFileBytes: checked.FILE_MAX_BYTES,
    },
    mail,
    webhooks: { allowPrivate: checked.WEBHOOK_ALLOW_PRIVATE },
    oidc,
    tracing:
      checked.OTEL_EXPORTER_OTLP_ENDPOINT === undefined
        ? null
        : { endpoint: checked.OTEL_EXPORTER_OTLP_ENDPOINT.replace(/\/+$/, '') },
    logging: { level: checked.LOG_LEVEL, maskAddresses: checked.MASK_ADDRESSES },
  };
}

/** Production keeps its state and its key outside of the machine that may be replaced. */
function stateOf(env: Environment, problems: string[]): StateConfig {
  if (env.ENVIRONMENT === 'production') {
    for (const name of ['DATABASE_URL', 'ENCRYPTION_KEY'] as const) {
      if (env[name] === undefined)
        problems.push(`${name}: is needed when ENVIRONMENT is production`);
    }
  }
  const keys = listOf(env.ENCRYPTION_KEY ?? '').map(encryptionKey);
  return {
    databaseUrl: env.DATABASE_URL ?? null,
    redisUrl: env.REDIS_URL ?? null,
    encryptionKeys: keys.length === 0 ? null : keys.filter((key) => key !== null),
  };
}

function mailOf(env: Environment, problems: string[]): AppConfig['mail'] {
  const { SMTP_URL: url, MAIL_FROM: from } = env;
  if (url !== undefined && from !== undefined) return { url, from };
  if (url !== undefined) problems.push('MAIL_FROM: is needed when SMTP_URL is set');
  return null;
}

function tlsOf(env: Environment, problems: string[]): HttpConfig['tls'] {
  const { TLS_CERT, TLS_KEY } = env;
  if (TLS_CERT === undefined && TLS_KEY === undefined) return null;
  if (TLS_CERT === undefined || TLS_KEY === undefined) {
    const missing = TLS_CERT === undefined ? 'TLS_CERT' : 'TLS_KEY';
    problems.push(`${missing}: TLS_CERT and TLS_KEY go together; set both or neither`);
    return null;
  }
  const cert = pemOf('TLS_CERT', TLS_CERT, problems);
  const key = pemOf('TLS_KEY', TLS_KEY, problems);
  return cert === undefined || key === undefined ? null : { cert, key };
}

function pemOf(variable: string, value: string, problems: string[]): string | undefined {
  const text = isPem(value) ? value : readSecret(variable, value, problems);
  if (text === undefined || isPem(text)) return text;
  problems.push(`${variable}: the file holds no PEM text (-----BEGIN …)`);
  return undefined;
}

function isPem(text: string): boolean {
  return text.includes('-----BEGIN ');
}
