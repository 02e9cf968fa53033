import type { AuditEvent } from '@app/audit';
import { DomainError } from '@app/common';
import type { Transaction } from '@app/database';
import type { JobEvents } from './events/job-events.js';
import { isFinished, type JobError, type JobRow } from './job.js';
import type { JobActor } from './job-submission.js';
import { CANCELLED_TOPIC, SLICE_QUEUE, type JobsParts } from './jobs-parts.js';
import { jobsRepository as repository } from './jobs.repository.js';

const HOUR_MS = 3_600_000;

/** Who does what nobody asked for. */
const THE_SERVICE: JobActor = { actor: { kind: 'system', id: 'jobs' } };

/** What is left to be done after the commit of an end. */
export interface Ended {
  readonly job: JobRow;
  readonly deliveries: readonly string[];
  /** Slices that are in the queue, or at work, and no longer wanted. */
  readonly withdrawn: readonly string[];
}

type FinalStatus = 'completed' | 'failed' | 'cancelled';

/** All ways a job ends, each in one transaction with all that has to be told of it. */
export class JobEndings {
  constructor(
    private readonly parts: JobsParts,
    private readonly events: JobEvents,
  ) {}

  /** The last thing the caller's transaction does, which holds the job's row. */
  async end(
    tx: Transaction,
    job: JobRow,
    status: FinalStatus,
    { error = null, by = THE_SERVICE }: { error?: JobError | null; by?: JobActor } = {},
  ): Promise<Ended> {
    const at = this.parts.now();
    const expiresAt = new Date(at.getTime() + this.parts.settings.resultHours * HOUR_MS);
    const changes = { status, error, completedAt: at, expiresAt };
    const withdrawn = await withdrawOpenSlices(tx, job.id, status);
    const ended = { ...job, ...((await repository.update(tx, job.id, changes)) ?? {}) };
    await this.events.record(tx, ended, status);
    const deliveries = await this.parts.notifier.announce(tx, ended, `job.${status}`);
    await this.parts.audit.record(tx, auditOf(ended, `job.${VERBS[status]}`, by));
    return { job: ended, deliveries, withdrawn };
  }

  /** Tells everybody; after the commit. Never rejects. */
  async tell({ job, deliveries, withdrawn }: Ended): Promise<void> {
    const { notifier, observer } = this.parts;
    observer.onFinish(job.status);
    notifier.wake(deliveries);
    await this.events.announce(job.id);
    if (withdrawn.length > 0) await this.withdraw(job.id, withdrawn);
  }

  private async withdraw(jobId: string, slices: readonly string[]): Promise<void> {
    const { signals, queues, log } = this.parts;
    try {
      await signals.send(CANCELLED_TOPIC, jobId);
      const queue = queues.queue(SLICE_QUEUE);
      for (const id of slices) await queue.remove(id);
    } catch (err) {
      log.warn({ err }, 'the end of a job could not be announced; workers find it out themselves');
    }
  }

  async cancel(tenantId: string | null, id: string, by: JobActor): Promise<void> {
    const ended = await this.parts.database.transaction(async (tx) => {
      const job = await this.lock(tx, tenantId, id);
      if (isFinished(job.status)) {
        throw new DomainError(
          'JOB_ALREADY_FINISHED',
          `The job is ${job.status} already and cannot be cancelled; ?purge=true erases it.`,
        );
      }
      return this.end(tx, job, 'cancelled', { by });
    });
    await this.tell(ended);
  }

  /** Fails a job as a whole, unless it has ended meanwhile. */
  async fail(id: string, error: JobError): Promise<void> {
    const ended = await this.parts.database.transaction(async (tx) => {
      const job = await repository.lock(tx, null, id);
      if (job === null || isFinished(job.status)) return null;
      return this.end(tx, job, 'failed', { error });
    });
    if (ended !== null) await this.tell(ended);
  }

  async purge(tenantId: string | null, id: string, by: JobActor = THE_SERVICE): Promise<void> {
    const { database, audit, files } = this.parts;
    const fileId = await database.transaction(async (tx) => {
      const job = await this.lock(tx, tenantId, id);
      if (!isFinished(job.status)) {
        throw new DomainError('CONFLICT', 'The job is not finished; cancel it before purging it.');
      }
      if (job.purgedAt !== null) return null;
      await repository.erase(tx, id, this.parts.now());
      const { inputFileId } = job;
      const removed = inputFileId !== null && (await files.removeRow(tx, inputFileId));
      // Last: who accepts a job on the file, or deletes it, has the file first and then the log too.
      await audit.record(tx, auditOf(job, 'job.purge', by));
      return removed ? inputFileId : null;
    });
    if (fileId !== null) await files.removeBytes(fileId);
  }

  private async lock(tx: Transaction, tenantId: string | null, id: string): Promise<JobRow> {
    const job = await repository.lock(tx, tenantId, id);
    if (job === null) throw new DomainError('NOT_FOUND', 'There is no such job.');
    return job;
  }
}

/** A failed job may be retried with what is left of it. */
async function withdrawOpenSlices(
  tx: Transaction,
  jobId: string,
  status: FinalStatus,
): Promise<readonly string[]> {
  if (status === 'completed') return [];
  return status === 'failed'
    ? repository.stopOpenSlices(tx, jobId)
    : repository.dropOpenSlices(tx, jobId);
}

const VERBS = { completed: 'complete', failed: 'fail', cancelled: 'cancel' } as const;

/** @param action `job.submit`, `job.cancel`, … */
export function auditOf(
  { id, tenantId }: Pick<JobRow, 'id' | 'tenantId'>,
  action: string,
  by: JobActor,
): AuditEvent {
  return { ...by, tenantId, action, object: { kind: 'job', id }, result: 'success' };
}
