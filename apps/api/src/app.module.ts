import { AuditLog } from '@app/audit';
import { Auth, RateLimits } from '@app/auth';
import type { AppConfig } from '@app/config';
import { DatabaseModule } from '@app/database';
import { DocumentsModule } from '@app/documents';
import { DiskProbe, HealthModule, MemoryProbe } from '@app/health';
import { Canary, InferenceModule, QueueProbe, Scheduler, type Runtime } from '@app/inference';
import { ModelRegistryModule, type ModelRegistry } from '@app/model-registry';
import { Metrics, ObservabilityModule, type Logger } from '@app/observability';
import { Module, type DynamicModule } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { API_OPTIONS, type ApiOptions } from './api-options.js';
import { SIGN_IN_THROTTLERS } from './http/guards/sign-in.throttler.js';
import type { State } from './open-state.js';
import { AccountsController } from './routes/admin/accounts.controller.js';
import { ApiKeysController } from './routes/admin/api-keys.controller.js';
import { AdminApiKeysService } from './routes/admin/api-keys.service.js';
import { AuditController } from './routes/admin/audit.controller.js';
import { AdminAuditService } from './routes/admin/audit.service.js';
import { AuditedActs } from './routes/admin/audited-acts.js';
import { AdminTenantsService } from './routes/admin/tenants.service.js';
import { AdminUsersService } from './routes/admin/users.service.js';
import { AuthController } from './routes/auth/auth.controller.js';
import { AuthService } from './routes/auth/auth.service.js';
import { GpuController } from './routes/health/gpu.controller.js';
import { HealthController } from './routes/health/health.controller.js';
import { MetricsController } from './routes/health/metrics.controller.js';
import { LimitsController } from './routes/limits/limits.controller.js';
import { LimitsService } from './routes/limits/limits.service.js';
import { textReads } from './routes/monitoring/audited-text-reads.js';
import { MonitoringRoutes } from './routes/monitoring/monitoring-routes.module.js';
import { ModelsController } from './routes/models/models.controller.js';
import { ModelsService } from './routes/models/models.service.js';
import { NotesController } from './routes/notes/notes.controller.js';
import { NotesService } from './routes/notes/notes.service.js';
import { PredictionsController } from './routes/predictions/predictions.controller.js';
import { PredictionsService } from './routes/predictions/predictions.service.js';

export interface AppParts {
  readonly config: AppConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: ModelRegistry;
  readonly runtime: Runtime;
  readonly state: State;
}

/** Wires the libraries to the routes; nothing here decides anything. */
@Module({})
export class AppModule {
  static register({
    config,
    version,
    logger,
    metrics,
    registry,
    runtime,
    state,
  }: AppParts): DynamicModule {
    const apiOptions: ApiOptions = {
      version,
      environment: config.environment,
      maxBatchSize: config.inference.maxBatchSize,
    };
    return {
      module: AppModule,
      imports: [
        ObservabilityModule.forRoot({ logger, metrics }),
        ModelRegistryModule.forRoot(registry),
        DatabaseModule.forRoot(state.database),
        ThrottlerModule.forRoot({
          throttlers: [...SIGN_IN_THROTTLERS],
          storage: state.limits.throttlerStorage,
          setHeaders: false,
        }),
        InferenceModule.forRoot({
          runtime,
          maxSequenceLength: config.inference.maxSequenceLength,
          predictionObservers: [metrics, state.monitoring.predictionLog],
          tenantWeight: (tenantId, tier) => state.weights.of(tenantId, tier),
          onObserverError: (error) => logger.error({ err: error }, 'a prediction observer failed'),
          schedulerObserver: {
            onBatch: (batch) => metrics.inference.observeBatch(batch),
            onRefused: (reason) => metrics.inference.countRefusal(reason),
          },
        }),
        DocumentsModule,
        MonitoringRoutes.register(state.monitoring, textReads(state)),
        HealthModule.forRootAsync({
          inject: [Canary, Scheduler],
          probes: (canary: Canary, scheduler: Scheduler) => [
            canary,
            new QueueProbe(scheduler, runtime),
            state.database.probe,
            ...(state.redis === null ? [] : [state.redis.probe]),
            new MemoryProbe(),
            new DiskProbe(config.dataDir),
          ],
        }),
      ],
      controllers: [
        PredictionsController,
        ModelsController,
        NotesController,
        LimitsController,
        AuthController,
        AccountsController,
        ApiKeysController,
        AuditController,
        HealthController,
        GpuController,
        MetricsController,
      ],
      providers: [
        PredictionsService,
        ModelsService,
        NotesService,
        LimitsService,
        AuthService,
        AuditedActs,
        AdminUsersService,
        AdminApiKeysService,
        AdminTenantsService,
        AdminAuditService,
        { provide: Auth, useValue: state.auth },
        { provide: AuditLog, useValue: state.audit },
        { provide: RateLimits, useValue: state.limits },
        { provide: API_OPTIONS, useValue: apiOptions },
      ],
    };
  }
}
