import type { AppConfig } from '@app/config';
import { DiskProbe, HealthModule, MemoryProbe } from '@app/health';
import { Canary, InferenceModule, QueueProbe, Scheduler, type Runtime } from '@app/inference';
import { ModelRegistryModule, type ModelRegistry } from '@app/model-registry';
import { Metrics, ObservabilityModule, type Logger } from '@app/observability';
import { Module, type DynamicModule } from '@nestjs/common';
import { API_OPTIONS, type ApiOptions } from './api-options.js';
import { GpuController } from './routes/health/gpu.controller.js';
import { HealthController } from './routes/health/health.controller.js';
import { MetricsController } from './routes/health/metrics.controller.js';
import { ModelsController } from './routes/models/models.controller.js';
import { ModelsService } from './routes/models/models.service.js';
import { PredictionsController } from './routes/predictions/predictions.controller.js';
import { PredictionsService } from './routes/predictions/predictions.service.js';

export interface AppParts {
  readonly config: AppConfig;
  readonly version: string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly registry: ModelRegistry;
  readonly runtime: Runtime;
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
        InferenceModule.forRoot({
          runtime,
          maxSequenceLength: config.inference.maxSequenceLength,
          predictionObservers: [metrics],
          onObserverError: (error) => logger.error({ err: error }, 'a prediction observer failed'),
          schedulerObserver: {
            onBatch: (batch) => metrics.inference.observeBatch(batch),
            onRefused: (reason) => metrics.inference.countRefusal(reason),
          },
        }),
        HealthModule.forRootAsync({
          inject: [Canary, Scheduler],
          probes: (canary: Canary, scheduler: Scheduler) => [
            canary,
            new QueueProbe(scheduler, runtime),
            new MemoryProbe(),
            new DiskProbe(config.dataDir),
          ],
        }),
      ],
      controllers: [
        PredictionsController,
        ModelsController,
        HealthController,
        GpuController,
        MetricsController,
      ],
      providers: [
        PredictionsService,
        ModelsService,
        { provide: API_OPTIONS, useValue: apiOptions },
      ],
    };
  }
}
