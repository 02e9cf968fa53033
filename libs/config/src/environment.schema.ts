export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

export const ROLES = ['all', 'api', 'worker'] as const;
export type Role = (typeof ROLES)[number];

export const LOG_LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** The operator's variables once checked and converted, under their own names. */
export interface Environment {
  readonly ENVIRONMENT: EnvironmentName;
  readonly HOST: string;
  readonly PORT: number;
  readonly PUBLIC_URL?: string;
  readonly DATA_DIR: string;
  readonly LOG_LEVEL: LogLevel;
  readonly ROLE: Role;
  readonly MODELS?: string;
  readonly MODEL_CACHE_DIR?: string;
  readonly LANES?: number;
  readonly LANE_THREADS: number;
  readonly MAX_BATCH_SIZE: number;
  readonly MAX_SEQUENCE_LENGTH: number;
  readonly REQUIRE_API_KEY?: boolean;
  readonly API_KEY?: string;
  readonly ADMIN_PASSWORD?: string;
  readonly DATABASE_URL?: string;
  readonly REDIS_URL?: string;
  readonly ENCRYPTION_KEY?: string;
  readonly STORE_PREDICTION_TEXT: boolean;
  readonly JOB_RESULT_HOURS: number;
  readonly JOB_DEADLINE_HOURS: number;
  readonly JOB_MAX_QUEUED: number;
  readonly JOB_MAX_RUNNING: number;
  readonly JOB_MAX_INLINE_ITEMS: number;
  readonly FILE_MAX_BYTES: number;
  readonly SMTP_URL?: string;
  readonly MAIL_FROM?: string;
  readonly WEBHOOK_ALLOW_PRIVATE: boolean;
  readonly CORS_ORIGINS?: string;
  readonly TRUSTED_PROXIES: number;
  readonly MASK_ADDRESSES: boolean;
  readonly MAX_CONNECTIONS_PER_ADDRESS?: number;
  readonly OIDC_ISSUER?: string;
  readonly OIDC_CLIENT_ID?: string;
  readonly OIDC_CLIENT_SECRET?: string;
  readonly OIDC_SCOPES: string;
  readonly OIDC_ROLE_CLAIM: string;
  readonly OIDC_ROLE_MAP?: string;
  readonly OIDC_TENANT: string;
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  readonly TLS_CERT?: string;
  readonly TLS_KEY?: string;
}

export type VariableName = keyof Environment;

/** The part of JSON Schema that variables use. */
export interface VariableSchema {
  readonly type: 'string' | 'integer' | 'boolean';
  readonly description: string;
  readonly default?: string | number | boolean;
  /** What holds when the variable is unset and has no `default` of its own; for the table only. */
  readonly $comment?: string;
  readonly enum?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly format?:
    | 'http-url'
    | 'api-key'
    | 'model-list'
    | 'origins'
    | 'role-map'
    | 'encryption-keys'
    | 'postgres-url'
    | 'redis-url'
    | 'smtp-url'
    | 'mail-from';
}

/** Every variable the service reads: checked at start, and printed as the README's table. */
export const environmentSchema: {
  readonly type: 'object';
  readonly properties: Readonly<Record<VariableName, VariableSchema>>;
} = {
  type: 'object',
  properties: {
    ENVIRONMENT: {
      type: 'string',
      enum: ENVIRONMENTS,
      default: 'development',
      description: 'What the service is run for. `staging` and `production` always need a key.',
    },
    HOST: {
      type: 'string',
      default: '127.0.0.1',
      description:
        'Address to listen on; `0.0.0.0` means every interface. Beyond loopback callers need a key.',
    },
    PORT: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      default: 8000,
      description: 'Port to listen on; `0` takes a free one.',
    },
    PUBLIC_URL: {
      type: 'string',
      format: 'http-url',
      $comment: 'links are relative',
      description: 'Where callers reach the service, for absolute links in answers.',
    },
    DATA_DIR: {
      type: 'string',
      default: './data',
      description: 'Folder for everything the service writes.',
    },
    LOG_LEVEL: {
      type: 'string',
      enum: LOG_LEVELS,
      default: 'info',
      description: 'The least severe log lines to write.',
    },
    ROLE: {
      type: 'string',
      enum: ROLES,
      default: 'all',
      description:
        'What this process does: `api` answers requests, `worker` runs jobs and sends notices, `all` does both.',
    },
    MODELS: {
      type: 'string',
      format: 'model-list',
      $comment: 'every model found',
      description: 'Models to serve: `name` or `name@version`, separated by commas.',
    },
    MODEL_CACHE_DIR: {
      type: 'string',
      $comment: '`DATA_DIR/models`',
      description: 'Folder with models of your own, served beside the bundled ones.',
    },
    LANES: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      $comment: 'by cores and memory',
      description: 'Processes that run models on the CPU, one batch at a time each.',
    },
    LANE_THREADS: {
      type: 'integer',
      minimum: 1,
      maximum: 256,
      default: 1,
      description: 'Threads of each lane. More lanes of one thread are faster than the reverse.',
    },
    MAX_BATCH_SIZE: {
      type: 'integer',
      minimum: 1,
      maximum: 10_000,
      default: 100,
      description: 'Most items in one batch request.',
    },
    MAX_SEQUENCE_LENGTH: {
      type: 'integer',
      minimum: 8,
      maximum: 32_768,
      default: 512,
      description: 'Longest text in tokens; a model’s own lower limit prevails.',
    },
    REQUIRE_API_KEY: {
      type: 'boolean',
      $comment: '`false` on loopback in development without `API_KEY`',
      description:
        'Whether callers need a key. `false` is refused in staging and production, and beyond loopback unless `ENVIRONMENT=development` is set beside it.',
    },
    API_KEY: {
      type: 'string',
      format: 'api-key',
      description:
        'A key that is valid from the start: enterprise tier, everything but administration. 16 or more characters, except in development.',
    },
    ADMIN_PASSWORD: {
      type: 'string',
      $comment: 'made and printed once',
      description:
        'Password of the first user, `admin`, when there are no users yet; at most 256 characters, and 12 or more, except in development.',
    },
    DATABASE_URL: {
      type: 'string',
      format: 'postgres-url',
      $comment: 'an embedded server in `DATA_DIR`',
      description: 'PostgreSQL 14 or newer; needed in production.',
    },
    REDIS_URL: {
      type: 'string',
      format: 'redis-url',
      $comment: 'none: limits of each process, queues in the database',
      description: 'Redis 6.2 or newer, for limits that several processes share and for queues.',
    },
    ENCRYPTION_KEY: {
      type: 'string',
      format: 'encryption-keys',
      $comment: 'made in `DATA_DIR`',
      description:
        '32 random bytes in base64 or hex that protect stored fields; needed in production. After a comma, earlier keys that still decrypt.',
    },
    STORE_PREDICTION_TEXT: {
      type: 'boolean',
      default: false,
      description: 'Keep the text of predictions, encrypted, in the prediction log.',
    },
    JOB_RESULT_HOURS: {
      type: 'integer',
      minimum: 1,
      maximum: 87_600,
      default: 168,
      description: 'How long results and input of a finished job are kept.',
    },
    JOB_DEADLINE_HOURS: {
      type: 'integer',
      minimum: 1,
      maximum: 87_600,
      default: 72,
      description: 'How long a job may take, waiting included; unfinished then, it fails.',
    },
    JOB_MAX_QUEUED: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 100,
      description: 'Jobs of one tenant that may wait to be started; further ones are refused.',
    },
    JOB_MAX_RUNNING: {
      type: 'integer',
      minimum: 1,
      maximum: 1_000,
      default: 10,
      description: 'Jobs of one tenant that are worked on at the same time; further ones wait.',
    },
    JOB_MAX_INLINE_ITEMS: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      default: 10_000,
      description:
        'Most inputs that may come with a job’s request, within 8 MiB; more come as a file.',
    },
    FILE_MAX_BYTES: {
      type: 'integer',
      minimum: 1_024,
      maximum: 10_737_418_240,
      default: 524_288_000,
      description: 'Largest file of inputs that may be uploaded, in bytes.',
    },
    SMTP_URL: {
      type: 'string',
      format: 'smtp-url',
      $comment: 'no mail is sent',
      description:
        'Mail server for notices: `smtp://user:password@host:587`, or `smtps://` for TLS from the start. A password is sent over TLS only.',
    },
    MAIL_FROM: {
      type: 'string',
      format: 'mail-from',
      description: 'Sender of notices: an address, or `Name <address>`; needed with `SMTP_URL`.',
    },
    WEBHOOK_ALLOW_PRIVATE: {
      type: 'boolean',
      default: false,
      description:
        'Let webhooks go to `http` URLs, to any port, to private addresses and to this machine. Callers with the permission `jobs` can then send requests into your network.',
    },
    CORS_ORIGINS: {
      type: 'string',
      format: 'origins',
      $comment: 'none',
      description:
        'Browser origins that may call the API, separated by commas: `https://ehr.example.org`, `https://*.example.org`.',
    },
    TRUSTED_PROXIES: {
      type: 'integer',
      minimum: 0,
      maximum: 16,
      default: 0,
      description:
        'Proxies in front of the service; the caller’s address is read that many entries from the end of `X-Forwarded-For`.',
    },
    MASK_ADDRESSES: {
      type: 'boolean',
      default: false,
      description: 'Also mask IP addresses in logs.',
    },
    MAX_CONNECTIONS_PER_ADDRESS: {
      type: 'integer',
      minimum: 1,
      maximum: 100_000,
      $comment: 'no limit',
      description:
        'Connections that one address may hold open; further ones are closed. This machine is not limited. Behind proxies their addresses count.',
    },
    OIDC_ISSUER: {
      type: 'string',
      format: 'http-url',
      $comment: 'none',
      description:
        'OpenID provider whose users may sign in, as it spells itself; needs `OIDC_CLIENT_ID`, `OIDC_ROLE_MAP` and `PUBLIC_URL`, under which it has to know `/auth/oidc/callback`.',
    },
    OIDC_CLIENT_ID: {
      type: 'string',
      description: 'What the provider calls this service.',
    },
    OIDC_CLIENT_SECRET: {
      type: 'string',
      $comment: 'none: a public client',
      description: 'Secret of `OIDC_CLIENT_ID`.',
    },
    OIDC_SCOPES: {
      type: 'string',
      default: 'openid profile email',
      description: 'What to ask the provider for, separated by spaces.',
    },
    OIDC_ROLE_CLAIM: {
      type: 'string',
      default: 'groups',
      description: 'Claim with a user’s groups or roles: a name, or a path (`realm_access.roles`).',
    },
    OIDC_ROLE_MAP: {
      type: 'string',
      format: 'role-map',
      description:
        'Values of that claim and the role each gives: `ward-doctors=clinician,it=operator`; `*=user` gives to everybody. Who gets none may not sign in.',
    },
    OIDC_TENANT: {
      type: 'string',
      default: 'default',
      description: 'Id of the tenant that the provider’s new users belong to.',
    },
    OTEL_EXPORTER_OTLP_ENDPOINT: {
      type: 'string',
      format: 'http-url',
      $comment: 'no traces',
      description:
        'OpenTelemetry collector to send traces to (OTLP over HTTP), such as `http://localhost:4318`; `OTEL_EXPORTER_OTLP_HEADERS` and `OTEL_TRACES_SAMPLER` apply beside it.',
    },
    TLS_CERT: {
      type: 'string',
      description: 'Certificate chain to serve HTTPS with: PEM text or the path of a PEM file.',
    },
    TLS_KEY: {
      type: 'string',
      description: 'Private key of `TLS_CERT`: PEM text or the path of a PEM file.',
    },
  },
};

export const VARIABLE_NAMES = Object.keys(environmentSchema.properties) as VariableName[];
