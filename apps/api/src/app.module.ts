import { AuditLog } from '@app/audit';
import { Auth, RateLimits } from '@app/auth';
import type { AppConfig, Role } from '@app/config';
import { DatabaseModule } from '@app/database';
import { Deliveries } from '@app/deliveries';
import { DocumentsModule } from '@app/documents';
import { DiskProbe, HealthModule, MemoryProbe } from '@app/health';
import { Canary, InferenceModule, QueueProbe, Scheduler, type Runtime } from '@app/inference';
import { ModelRegistryModule, type ModelRegistry } from '@app/model-registry';
import { Notifications } from '@app/notifications';
import { Metrics, ObservabilityModule, type Logger } from '@app/observability';
import { Module, type DynamicModule, type Type } from '@nestjs/common';
import { ThrottlerModule } from '@nestjs/throttler';
import { WorkerModule } from '../../worker/src/worker.module.js';
import { API_OPTIONS, type ApiOptions } from './api-options.js';
import { SIGN_IN_THROTTLERS, SignInThrottler } from './http/guards/sign-in.throttler.js';
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
import { OidcController } from './routes/auth/oidc.controller.js';
import { OidcService } from './routes/auth/oidc.service.js';
import { SignInCookie } from './routes/auth/sign-in-cookie.js';
import { GpuController } from './routes/health/gpu.controller.js';
import { HealthController } from './routes/health/health.controller.js';
import { MetricsController } from './routes/health/metrics.controller.js';
import { JobsRoutes } from './routes/jobs/jobs-routes.module.js';
import { sentCallbacks } from './routes/jobs/sent-callbacks.js';
import { LimitsController } from './routes/limits/limits.controller.js';
import { LimitsService } from './routes/limits/limits.service.js';
import { textReads } from './routes/monitoring/audited-text-reads.js';
import { MonitoringRoutes } from './routes/monitoring/monitoring-routes.module.js';
import { ModelsController } from './routes/models/models.controller.js';
import { ModelsService } from './routes/models/models.service.js';
import { NotesController } from './routes/notes/notes.controller.js';
import { NotesService } from './routes/notes/notes.service.js';
import { MailedPredictionsController } from './routes/predictions/mailed-predictions.controller.js';
import { MailedPredictionsService } from './routes/predictions/mailed-predictions.service.js';
import { PredictionsController } from './routes/predictions/predictions.controller.js';
import { PredictionsService } from './routes/predictions/predictions.service.js';
import { BoardCookie } from './routes/queues/board-cookie.js';
import { BoardPlace } from './routes/queues/board-place.js';
import { BoardController } from './routes/queues/board.controller.js';
import { BoardService, QUEUE_BOARD } from './routes/queues/board.service.js';
import { SHOWN_QUEUES } from './routes/queues/shown-queues.js';
import { WorkNumbers } from './work-numbers.js';
import { WorkProbe } from './work.probe.js';
import { WebhookRoutes } from './routes/webhooks/webhook-routes.module.js';

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
      publicUrl: config.http.publicUrl,
      maxBatchSize: config.inference.maxBatchSize,
    };
    const onError = (err: unknown) => logger.error({ err }, 'work in the background failed');
    const numbers = new WorkNumbers(state.work, (err) =>
      logger.warn({ err }, 'the numbers of jobs and queues cannot be read now'),
    );
    metrics.work.readFrom(numbers);
    const boardPlace = new BoardPlace(config.http.publicUrl);
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
        ...(config.role === 'api' ? [] : [WorkerModule.register({ ...state.work, onError })]),
        DocumentsModule,
        ...(config.role === 'worker'
          ? []
          : [
              MonitoringRoutes.register(state.monitoring, textReads(state)),
              WebhookRoutes.register({
                webhooks: state.work.webhooks,
                deliveries: state.work.deliveries,
                database: state.database,
                audit: state.audit,
              }),
              JobsRoutes.register({
                jobs: state.work.jobs,
                files: state.work.files,
                callbacks: sentCallbacks(state.work),
                database: state.database,
                audit: state.audit,
                options: {
                  publicUrl: config.http.publicUrl,
                  maxInlineItems: config.jobs.maxInlineItems,
                },
              }),
            ]),
        HealthModule.forRootAsync({
          inject: [Canary, Scheduler],
          probes: (canary: Canary, scheduler: Scheduler) => [
            canary,
            new QueueProbe(scheduler, runtime),
            state.database.probe,
            ...(state.redis === null ? [] : [state.redis.probe]),
            new WorkProbe(numbers, state.work.queues.backend),
            new MemoryProbe(),
            new DiskProbe(config.dataDir),
          ],
        }),
      ],
      controllers: controllersOf(config.role),
      providers: [
        PredictionsService,
        MailedPredictionsService,
        ModelsService,
        NotesService,
        LimitsService,
        AuthService,
        OidcService,
        {
          provide: SignInCookie,
          useValue: new SignInCookie(config.http.publicUrl?.startsWith('https:') ?? false),
        },
        AuditedActs,
        BoardService,
        { provide: BoardPlace, useValue: boardPlace },
        { provide: BoardCookie, useValue: new BoardCookie(boardPlace) },
        { provide: QUEUE_BOARD, useFactory: () => state.work.queues.board(SHOWN_QUEUES) },
        SignInThrottler,
        AdminUsersService,
        AdminApiKeysService,
        AdminTenantsService,
        AdminAuditService,
        { provide: Deliveries, useValue: state.work.deliveries },
        { provide: Notifications, useValue: state.work.notifications },
        { provide: Auth, useValue: state.auth },
        { provide: AuditLog, useValue: state.audit },
        { provide: RateLimits, useValue: state.limits },
        { provide: API_OPTIONS, useValue: apiOptions },
      ],
    };
  }
}

/** A worker tells how it is, and answers nothing else. */
function controllersOf(role: Role): Type[] {
  const operations = [HealthController, GpuController, MetricsController];
  if (role === 'worker') return operations;
  return [
    PredictionsController,
    MailedPredictionsController,
    ModelsController,
    NotesController,
    LimitsController,
    AuthController,
    OidcController,
    AccountsController,
    ApiKeysController,
    AuditController,
    BoardController,
    ...operations,
  ];
}
