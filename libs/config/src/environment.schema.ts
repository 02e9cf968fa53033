export const ENVIRONMENTS = ['development', 'staging', 'production'] as const;
export type EnvironmentName = (typeof ENVIRONMENTS)[number];

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
  readonly MODELS?: string;
  readonly MODEL_CACHE_DIR?: string;
  readonly LANES?: number;
  readonly LANE_THREADS: number;
  readonly MAX_BATCH_SIZE: number;
  readonly MAX_SEQUENCE_LENGTH: number;
  readonly REQUIRE_API_KEY?: boolean;
  readonly API_KEY?: string;
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
  readonly format?: 'http-url' | 'api-key' | 'model-list';
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
        'Address to listen on. Beyond loopback a key is needed; `0.0.0.0` means every interface.',
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
      $comment: '`true` if `API_KEY` is set',
      description:
        'Whether callers need a key. `false` is refused outside `ENVIRONMENT=development`.',
    },
    API_KEY: {
      type: 'string',
      format: 'api-key',
      description: 'The key callers send; 16 or more characters, except in development.',
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
