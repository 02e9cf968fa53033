import type { Deliveries } from '@app/deliveries';
import { InferenceService } from '@app/inference';
import type { JobFiles, Jobs } from '@app/jobs';
import { ModelRegistry } from '@app/model-registry';
import type { Notifications } from '@app/notifications';
import type { Queues } from '@app/queues';
import type { Webhooks } from '@app/webhooks';
import { Module, type DynamicModule } from '@nestjs/common';
import {
  DELIVERY_CONCURRENCY,
  DELIVERY_QUEUE,
  DeliveriesProcessor,
} from './processors/deliveries.processor.js';
import { JobSliceProcessor } from './processors/job-slice.processor.js';
import { QueueConsumer } from './queue-consumer.js';
import { Sweeper } from './sweeper.js';
import { Worker } from './worker.js';

export interface WorkerParts {
  readonly queues: Queues;
  readonly jobs: Jobs;
  readonly files: JobFiles;
  readonly deliveries: Deliveries;
  readonly webhooks: Webhooks;
  readonly notifications: Notifications;
  /** Told of what failed in the background; it is tried again. */
  readonly onError: (error: unknown) => void;
}

/** What runs in the background: in every process but those that only answer requests. */
@Module({})
export class WorkerModule {
  static register(parts: WorkerParts): DynamicModule {
    return {
      module: WorkerModule,
      providers: [
        {
          provide: Worker,
          inject: [InferenceService, ModelRegistry],
          useFactory: (inference: InferenceService, registry: ModelRegistry) =>
            new Worker(consumers(parts, inference, registry)),
        },
      ],
      exports: [Worker],
    };
  }
}

function consumers(parts: WorkerParts, inference: InferenceService, registry: ModelRegistry) {
  const { queues, jobs, files, deliveries, onError } = parts;
  const sender = new DeliveriesProcessor(parts);
  const sweeps = [() => jobs.sweep(), () => deliveries.sweep(), () => files.removeExpired()];
  return [
    new JobSliceProcessor(jobs, inference, registry, queues),
    new QueueConsumer(
      queues,
      DELIVERY_QUEUE,
      (entry, signal) => sender.handle(entry, signal),
      DELIVERY_CONCURRENCY,
    ),
    new Sweeper(sweeps, onError),
  ];
}
