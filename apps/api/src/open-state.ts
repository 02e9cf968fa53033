import { createAuditLog, type AuditLog } from '@app/audit';
import { Auth, RateLimits, TenantWeights } from '@app/auth';
import type { AppConfig } from '@app/config';
import { openDatabase, type Database } from '@app/database';
import { openEncryption, OperatorKeys, type Encryption } from '@app/encryption';
import { Monitoring } from '@app/monitoring';
import type { Logger, Metrics } from '@app/observability';
import { openRedis, type RedisConnection } from '@app/redis';
import { Signals } from '@app/signals';
import pg from 'pg';
import { openWork, type Work } from './open-work.js';

/** How long signals wait for their connection, and for its one statement; till then they are read. */
const LISTEN_TIMEOUT_MS = 5_000;

/** What lasts beyond a request, and what guards it. */
export interface State {
  readonly database: Database;
  readonly redis: RedisConnection | null;
  readonly encryption: Encryption;
  readonly signals: Signals;
  readonly audit: AuditLog;
  readonly auth: Auth;
  readonly limits: RateLimits;
  readonly weights: TenantWeights;
  readonly monitoring: Monitoring;
  readonly work: Work;
  /** Writes down what is still in memory and lets go of everything, in the reverse order. */
  close(): Promise<void>;
}

/**
 * Opens the database, brings its schema up to date and reads what requests
 * must not wait for.
 * @throws SetupError naming what has to be put right
 */
export async function openState(
  config: AppConfig,
  logger: Logger,
  metrics: Metrics,
): Promise<State> {
  const { dataDir, state, access } = config;
  const onError = (err: unknown) => logger.error({ err }, 'state in the background failed');
  const opened: (() => Promise<void> | void)[] = [];
  const close = async () => {
    for (const closeOne of opened.reverse()) await closeOne();
  };
  try {
    const database = await openDatabase({
      url: state.databaseUrl ?? undefined,
      dataDir,
      log: logger,
    });
    opened.push(() => database.close());
    const redis =
      state.redisUrl === null ? null : await openRedis({ url: state.redisUrl, log: logger });
    if (redis !== null) opened.push(() => redis.close());
    const encryption = await openEncryption({
      db: database.db,
      wrapper: OperatorKeys.of(state.encryptionKeys, dataDir),
      log: logger,
    });
    opened.push(() => encryption.close());
    const audit = createAuditLog({ db: database.db, secrets: encryption, dataDir, log: logger });
    await audit.open();
    opened.push(() => audit.close());
    const signals = new Signals({ db: database.db, connect: () => listener(database), onError });
    const auth = new Auth({
      database,
      cipher: encryption,
      signals,
      operatorKey: access.apiKey,
      adminPassword: access.adminPassword,
      oidc: config.oidc,
      onError,
    });
    await signals.open();
    opened.push(() => signals.close());
    await auth.open();
    opened.push(() => auth.close());
    const limits = new RateLimits({ database, redis, log: logger });
    await limits.open();
    opened.push(() => limits.close());
    const weights = new TenantWeights(database, onError);
    await weights.open();
    opened.push(() => weights.close());
    const monitoring = new Monitoring({
      database,
      cipher: encryption,
      log: logger,
      metrics: metrics.predictionLog,
      storeText: config.monitoring.storeText,
    });
    monitoring.open();
    opened.push(() => monitoring.close());
    const parts = { database, encryption, signals, audit, weights, metrics: metrics.work };
    const work = await openWork(config, logger, parts);
    opened.push(() => work.close());
    return {
      database,
      redis,
      encryption,
      signals,
      audit,
      auth,
      limits,
      weights,
      monitoring,
      work,
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listener(database: Database): Promise<pg.Client> {
  const client = new pg.Client({
    ...database.connection,
    connectionTimeoutMillis: LISTEN_TIMEOUT_MS,
    query_timeout: LISTEN_TIMEOUT_MS,
  });
  // Signals hears of the loss; without a listener a failed connect would end the process.
  client.on('error', () => undefined);
  await client.connect();
  return client;
}
