import { DomainError } from '@app/common';
import type { Transaction } from '@app/database';
import type { JobEvents } from './events/job-events.js';
import { auditOf } from './job-endings.js';
import type { JobRow } from './job.js';
import type { JobActor } from './job-submission.js';
import type { JobsParts } from './jobs-parts.js';
import { jobsRepository as repository } from './jobs.repository.js';
import type { Submissions } from './submission/submissions.js';

const HOUR_MS = 3_600_000;

/** Failed jobs that are taken up again where they stopped: results that are there stay. */
export class JobRetries {
  constructor(
    private readonly parts: JobsParts,
    private readonly events: JobEvents,
    private readonly submissions: Submissions,
  ) {}

  async retry(tenantId: string | null, id: string, by: JobActor): Promise<void> {
    const { database, audit, now, settings } = this.parts;
    await database.transaction(async (tx) => {
      const job = await repository.lock(tx, tenantId, id);
      if (job === null) throw new DomainError('NOT_FOUND', 'There is no such job.');
      await this.assertRetriable(tx, job);
      await this.submissions.assertRoom(tx, job.tenantId);
      const items = await repository.reopenSlices(tx, id);
      if (job.done + items !== job.total) throw inputGone();
      const at = now();
      const changes = {
        status: 'pending',
        error: null,
        startedAt: null,
        completedAt: null,
        expiresAt: null,
        retriedAt: at,
        deadlineAt: new Date(at.getTime() + settings.deadlineHours * HOUR_MS),
      };
      // Who follows the job from the start is not to stop at the end that was none.
      await this.events.forget(tx, id);
      await this.events.record(tx, { ...job, ...changes }, 'queued');
      await repository.update(tx, id, changes);
      await audit.record(tx, auditOf(job, 'job.retry', by));
    });
    await this.events.announce(id);
  }

  private async assertRetriable(
    tx: Transaction,
    { status, purgedAt, inputFileId }: JobRow,
  ): Promise<void> {
    if (status !== 'failed') {
      throw new DomainError('CONFLICT', `Only a failed job can be retried; this one is ${status}.`);
    }
    if (purgedAt !== null) throw inputGone();
    if (inputFileId !== null && !(await this.parts.files.hold(tx, inputFileId))) throw inputGone();
  }
}

function inputGone(): DomainError {
  return new DomainError(
    'CONFLICT',
    'What is left of the job’s input is not there any more; submit it as a new job.',
  );
}
