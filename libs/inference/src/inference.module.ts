import type { PredictionObserver } from '@app/common';
import { ModelRegistry } from '@app/model-registry';
import { Module, type DynamicModule } from '@nestjs/common';
import { Canary } from './canary.js';
import { InferenceEngine } from './engine.js';
import { InferenceService, type TenantWeight } from './inference.service.js';
import { ModelPool } from './model-pool.js';
import { PredictionObservers } from './observers.js';
import type { Runtime } from './runtime/runtime.js';
import type { SchedulerObserver } from './scheduler/scheduler-options.js';
import { Scheduler } from './scheduler/scheduler.js';

/** Injection token of the process's Runtime. */
export const RUNTIME = Symbol('RUNTIME');

export interface InferenceModuleOptions {
  readonly runtime: Runtime;
  /** Upper limit of every model's sequence length, tokens. */
  readonly maxSequenceLength: number;
  readonly predictionObservers: readonly PredictionObserver[];
  readonly onObserverError: (error: unknown) => void;
  readonly schedulerObserver: SchedulerObserver;
  /** Everybody's is 1 by default. */
  readonly tenantWeight?: TenantWeight;
}

/** The one way to predictions in a process: one runtime, one scheduler, shared by whoever asks. */
@Module({})
export class InferenceModule {
  static forRoot(options: InferenceModuleOptions): DynamicModule {
    const { runtime } = options;
    return {
      module: InferenceModule,
      global: true,
      providers: [
        { provide: RUNTIME, useValue: runtime },
        {
          provide: Scheduler,
          useFactory: () => new Scheduler(runtime, {}, options.schedulerObserver),
        },
        {
          provide: ModelPool,
          useFactory: () => new ModelPool(runtime, options.maxSequenceLength),
        },
        {
          provide: PredictionObservers,
          useFactory: () =>
            new PredictionObservers(options.predictionObservers, options.onObserverError),
        },
        {
          provide: InferenceService,
          inject: [ModelRegistry, ModelPool, Scheduler, PredictionObservers],
          useFactory: (
            registry: ModelRegistry,
            pool: ModelPool,
            scheduler: Scheduler,
            observers: PredictionObservers,
          ) => new InferenceService(registry, pool, scheduler, observers, options.tenantWeight),
        },
        {
          provide: Canary,
          inject: [ModelPool, Scheduler],
          useFactory: (pool: ModelPool, scheduler: Scheduler) =>
            new Canary(pool, scheduler, runtime),
        },
        {
          provide: InferenceEngine,
          inject: [ModelRegistry, ModelPool, Scheduler, Canary],
          useFactory: (
            registry: ModelRegistry,
            pool: ModelPool,
            scheduler: Scheduler,
            canary: Canary,
          ) => new InferenceEngine(runtime, registry, pool, scheduler, canary),
        },
      ],
      exports: [RUNTIME, Scheduler, ModelPool, InferenceService, Canary, InferenceEngine],
    };
  }
}
