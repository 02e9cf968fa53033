import type { InferenceService } from '@app/inference';
import { SLICE_QUEUE, type Jobs, type WorkerPresence } from '@app/jobs';
import { modelKey, type ModelRegistry } from '@app/model-registry';
import type { Queues, QueueWorker } from '@app/queues';
import type { Consumer } from '../consumer.js';
import { JobRunner } from '../job-runner.js';

/** Slices at once: while one's results are written, the other keeps the lanes busy. */
const SLOTS = 2;

/**
 * Runs slices of jobs as the queue hands them out.
 *
 * It consumes through the lib queues and not by @nestjs/bullmq's `@Processor`:
 * that would start its Worker while the container is being made, without a
 * backend of its own choosing or the guards for a store that is away, and close
 * it last of all, after the lanes.
 */
export class JobSliceProcessor implements Consumer {
  private readonly presence: WorkerPresence;
  private readonly runner: JobRunner;
  private worker: QueueWorker | null = null;

  constructor(
    jobs: Jobs,
    inference: InferenceService,
    registry: ModelRegistry,
    private readonly queues: Queues,
  ) {
    // All of them are open when a worker starts: a service that cannot open one does not.
    const models = registry.servable().map(({ manifest }) => modelKey(manifest));
    this.presence = jobs.presence(SLOTS, models);
    this.runner = new JobRunner(jobs.slices, inference, this.presence.workerId);
  }

  async start(): Promise<void> {
    await this.presence.open();
    const handle = (id: string, signal: AbortSignal) => this.runner.run(id, signal);
    this.worker = this.queues.work(SLICE_QUEUE, handle, { concurrency: SLOTS });
  }

  async stop(timeoutMs: number): Promise<void> {
    await this.worker?.close(timeoutMs);
    await this.presence.close();
  }
}
