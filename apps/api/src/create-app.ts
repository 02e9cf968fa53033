import { mkdirSync } from 'node:fs';
import { NestFactory } from '@nestjs/core';
import type { INestApplication } from '@nestjs/common';
import type { AppConfig } from '@app/config';
import { Lifecycle } from '@app/health';
import { InferenceEngine, ModelPool, Scheduler, type Runtime } from '@app/inference';
import { openRegistry, type ModelRegistry } from '@app/model-registry';
import {
  createLogger,
  Metrics,
  NestLogger,
  openTracing,
  type Logger,
  type Tracing,
} from '@app/observability';
import { Worker } from '../../worker/src/worker.js';
import { AppModule } from './app.module.js';
import { LeanExpressAdapter } from './http/adapter/lean-express.adapter.js';
import { applyEdge, type Edge } from './http/apply-edge.js';
import { limitConnections } from './http/hardening/connection-limit.js';
import { LimitsGate } from './http/guards/limits.gate.js';
import { OpenStreams } from './http/streams/open-streams.js';
import { bundledModels, packageVersion } from './installation.js';
import { openRuntime } from './open-runtime.js';
import { leavesBody } from './routes/own-bodies.js';
import { openState, type State } from './open-state.js';

/** What a caller may put in place of the real thing. */
export interface AppOverrides {
  readonly runtime?: Runtime;
  readonly registry?: ModelRegistry;
  readonly logger?: Logger;
}

/** The service, wired but neither listening nor computing yet. */
export interface ClinserveApp {
  readonly app: INestApplication;
  readonly edge: Edge;
  readonly logger: Logger;
  readonly engine: InferenceEngine;
  readonly lifecycle: Lifecycle;
  readonly runtime: Runtime;
  readonly pool: ModelPool;
  readonly state: State;
  /** Null where traces go nowhere. */
  readonly tracing: Tracing | null;
  /** Null where the role is to work only. */
  readonly streams: OpenStreams | null;
  /** Null where the role is to answer requests only. */
  readonly worker: Worker | null;
  /** Loads the models; resolves once each has answered an inference. */
  start(): Promise<void>;
}

/** Routes that always need a lane, and may be refused for the want of one. */
const PREDICTION_PATHS: ReadonlySet<string> = new Set([
  '/predict',
  '/predict/batch',
  '/predict/simple',
  '/notes/analyze',
]);

/** @throws Error naming the model or the route that makes a start impossible */
export async function createApp(
  config: AppConfig,
  overrides: AppOverrides = {},
): Promise<ClinserveApp> {
  mkdirSync(config.dataDir, { recursive: true });
  const logger = overrides.logger ?? createLogger(config.logging);
  const metrics = new Metrics();
  const version = packageVersion();
  const registry =
    overrides.registry ??
    (await openRegistry({
      roots: [bundledModels(), config.models.ownDir],
      serve: config.models.serve,
    }));
  const runtime = overrides.runtime ?? (await openRuntime(config, registry, logger));
  countRestarts(runtime, metrics);
  const state = await openState(config, logger, metrics);

  const adapter = new LeanExpressAdapter({ leavesBody, tls: config.http.tls ?? undefined });
  const parts = { config, version, logger, metrics, registry, runtime, state };
  const app = await NestFactory.create(AppModule.register(parts), adapter, {
    logger: new NestLogger(logger),
    bodyParser: false,
    abortOnError: false,
  });
  const { maxConnectionsPerAddress } = config.http;
  if (maxConnectionsPerAddress !== null) {
    limitConnections(adapter.getHttpServer(), maxConnectionsPerAddress);
  }
  const tracing =
    config.tracing === null
      ? null
      : await openTracing({ endpoint: config.tracing.endpoint, version, log: logger });
  const scheduler = app.get(Scheduler);
  const edge = applyEdge(app, {
    access: {
      requireApiKey: config.access.keyRequired,
      loopback: config.access.loopback,
      identification: state.auth.authenticator,
      gate: new LimitsGate(state.limits),
    },
    openApi: { version },
    http: {
      corsOrigins: config.http.corsOrigins,
      publicUrl: config.http.publicUrl,
      trustedProxies: config.http.trustedProxies,
    },
    log: ({ level, error, ...record }) => logger[level]({ ...record, err: error }, record.code),
    requests: {
      tracer: tracing,
      onFinish: (request) => {
        metrics.http.observe(request);
        state.monitoring.apiMetrics.observe(request);
      },
    },
    shed: (method, path, priority, tenantId) =>
      method === 'POST' && priority === 'interactive' && PREDICTION_PATHS.has(path)
        ? scheduler.overload(tenantId)
        : null,
  });
  metrics.inference.readQueueFrom(() => scheduler.stats());
  const engine = app.get(InferenceEngine);
  const lifecycle = app.get(Lifecycle);
  const pool = app.get(ModelPool);
  const worker = config.role === 'api' ? null : app.get(Worker, { strict: false });
  const streams = config.role === 'worker' ? null : app.get(OpenStreams, { strict: false });
  const start = async () => {
    await engine.start();
    const tellProviders = () => {
      for (const { scheduled, loaded } of pool.list()) {
        metrics.inference.setProvider(scheduled.key, loaded.provider);
      }
    };
    tellProviders();
    runtime.onLaneReady(tellProviders);
    await worker?.start();
    lifecycle.serving();
  };
  return {
    app,
    edge,
    logger,
    engine,
    lifecycle,
    runtime,
    pool,
    state,
    tracing,
    streams,
    worker,
    start,
  };
}

/** A lane that turns ready a second time has been started again. */
function countRestarts(runtime: Runtime, metrics: Metrics): void {
  const seen = new Set<number>();
  runtime.onLaneReady((lane) => {
    if (seen.has(lane.id)) metrics.inference.countLaneRestart(lane.id);
    seen.add(lane.id);
  });
}
