import type { Admission } from '../admission/admission.js';
import type { JobEndings } from '../job-endings.js';
import { SLICE_QUEUE, type JobsParts } from '../jobs-parts.js';
import { sweepingRepository as repository } from './sweeping.repository.js';
import { UnservedJobs } from './unserved-jobs.js';

/** Makes the queue agree with the tables again, and ends what is due. */
export class Sweeping {
  private readonly unserved = new UnservedJobs();

  constructor(
    private readonly parts: JobsParts,
    private readonly endings: JobEndings,
    private readonly admission: Admission,
  ) {}

  /** Does nothing while another process is at it. Never rejects: a step that fails is left to the next time. */
  async sweep(): Promise<void> {
    await this.step(() =>
      this.parts.database.transaction(async (tx) => {
        if (!(await repository.lock(tx))) return;
        await this.step(() => this.addLost());
        await this.step(() => this.failOverdue());
        await this.step(() => this.failUnserved());
        await this.step(() => this.purgeExpired());
        await this.step(() => this.forget());
      }),
    );
    await this.admission.admit();
  }

  private async step(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (err) {
      this.parts.log.warn({ err }, 'a part of the clean-up of jobs failed; it is done again soon');
    }
  }

  private async addLost(): Promise<void> {
    const { database, queues, settings, log } = this.parts;
    const ids = await repository.unattended(database.db, settings.staleMs);
    if (ids.length === 0) return;
    const queue = queues.queue(SLICE_QUEUE);
    const live = await queue.live(ids);
    const lost = ids.filter((id) => !live.has(id));
    for (const id of lost) await queue.add(id);
    if (lost.length > 0) log.info({ slices: lost.length }, 'slices were put into the queue again');
  }

  private async failOverdue(): Promise<void> {
    const message = 'The job was not done by its deadline; submit what is left as a new one.';
    for (const id of await repository.overdue(this.parts.database.db, this.parts.now())) {
      await this.endings.fail(id, { code: 'INFERENCE_TIMEOUT', message });
    }
  }

  private async failUnserved(): Promise<void> {
    const { database, now, settings } = this.parts;
    const unserved = await repository.unserved(database.db, settings.staleMs);
    for (const { id, model, modelVersion } of this.unserved.overdue(unserved, now())) {
      const message =
        `No worker has served version ${modelVersion} of ${model} for over a minute. ` +
        'Serve that version again and retry the job, or submit it anew for a version that is served.';
      await this.endings.fail(id, { code: 'UNKNOWN_MODEL_VERSION', message });
    }
  }

  private async purgeExpired(): Promise<void> {
    for (const id of await repository.expired(this.parts.database.db, this.parts.now())) {
      await this.endings.purge(null, id);
    }
  }

  private async forget(): Promise<void> {
    const { database, now, settings } = this.parts;
    await repository.forgetKeys(database.db, now());
    await repository.forgetWorkers(database.db, settings.staleMs);
  }
}
