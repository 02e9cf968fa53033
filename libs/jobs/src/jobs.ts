import { DomainError } from '@app/common';
import { Admission } from './admission/admission.js';
import { JobEvents } from './events/job-events.js';
import type { JobEvent } from './events/job-event.js';
import type { JobStatus, JobView } from './job.js';
import { JobEndings } from './job-endings.js';
import { JobRetries } from './job-retries.js';
import type { JobActor, JobNotifier, JobSubmission, SubmitResult } from './job-submission.js';
import {
  DEFAULT_JOB_SETTINGS,
  type JobSettings,
  type JobsObserver,
  type JobsParts,
} from './jobs-parts.js';
import { readJobLoad, type JobLoad } from './reading/job-load.js';
import { JobReader, type JobPage } from './reading/job-reader.js';
import { JobResults, type JobResultPart } from './results/job-results.js';
import { SliceRuns } from './running/slice-runs.js';
import { WorkerPresence } from './running/worker-presence.js';
import { Submissions } from './submission/submissions.js';
import { Sweeping } from './sweeping/sweeping.js';

export type { JobPage, JobResultPart };

export interface JobsOptions extends Omit<JobsParts, 'notifier' | 'observer' | 'now' | 'settings'> {
  /** Nobody is told of anything by default. */
  readonly notifier?: JobNotifier;
  readonly observer?: JobsObserver;
  readonly now?: () => Date;
  readonly settings?: Partial<JobSettings>;
}

const NOBODY: JobNotifier = { announce: () => Promise.resolve([]), wake: () => undefined };

/** Long work on many inputs: accepted, cut into slices, shared out among workers, and answered for. */
export class Jobs {
  /** For workers: to take slices, to work on them and to hand in what came of it. */
  readonly slices: SliceRuns;
  private readonly parts: JobsParts;
  private readonly admission: Admission;
  private readonly eventLog: JobEvents;
  private readonly reader: JobReader;
  private readonly resultReader: JobResults;
  private readonly submissions: Submissions;
  private readonly endings: JobEndings;
  private readonly retries: JobRetries;
  private readonly sweeping: Sweeping;

  constructor(options: JobsOptions) {
    const parts: JobsParts = {
      ...options,
      notifier: options.notifier ?? NOBODY,
      observer: options.observer ?? { onItems: () => undefined, onFinish: () => undefined },
      now: options.now ?? (() => new Date()),
      settings: { ...DEFAULT_JOB_SETTINGS, ...options.settings },
    };
    this.parts = parts;
    this.eventLog = new JobEvents(parts);
    this.admission = new Admission(parts, this.eventLog);
    this.reader = new JobReader(parts);
    this.resultReader = new JobResults(parts);
    this.endings = new JobEndings(parts, this.eventLog);
    this.submissions = new Submissions(parts, this.eventLog, this.reader);
    this.retries = new JobRetries(parts, this.eventLog, this.submissions);
    this.slices = new SliceRuns(parts, this.eventLog, this.endings, this.admission);
    this.sweeping = new Sweeping(parts, this.endings, this.admission);
  }

  /**
   * Accepts a job whose model, options and inputs have been checked.
   * @throws DomainError QUOTA_EXCEEDED when too many of the tenant's jobs wait, VALIDATION_ERROR
   * when its file was removed meanwhile, IDEMPOTENCY_KEY_REUSED for another body,
   * IDEMPOTENCY_KEY_IN_USE while the first is being accepted
   */
  async submit(submission: JobSubmission): Promise<SubmitResult> {
    const result = await this.submissions.accept(submission);
    if (!result.replayed) this.admission.soon();
    return result;
  }

  /**
   * The answer to an earlier submission under the same key, for one that is repeated: what was
   * right at first need not be so any more. Null when there was none; `submit` looks again.
   * @throws DomainError IDEMPOTENCY_KEY_REUSED for another body
   */
  earlier(
    tenantId: string,
    idempotency: NonNullable<JobSubmission['idempotency']>,
  ): Promise<SubmitResult | null> {
    return this.submissions.earlier(tenantId, idempotency);
  }

  /**
   * @param tenantId null for any tenant's
   * @throws DomainError NOT_FOUND, for another tenant's too
   */
  async get(tenantId: string | null, id: string): Promise<JobView> {
    const job = await this.reader.find(tenantId, id);
    if (job === null) throw noSuchJob();
    return job;
  }

  /** The newest first. @param tenantId null for everybody's */
  list(
    tenantId: string | null,
    page: { readonly status?: JobStatus; readonly cursor?: string; readonly limit: number },
  ): Promise<JobPage> {
    return this.reader.list(tenantId, page);
  }

  /**
   * Ends a job that is waiting or at work; within two seconds nothing of it runs
   * any more, and from now on nothing is added to its results.
   * @throws DomainError NOT_FOUND, JOB_ALREADY_FINISHED
   */
  async cancel(tenantId: string | null, id: string, actor: JobActor): Promise<JobView> {
    await this.endings.cancel(tenantId, id, actor);
    this.admission.soon();
    return this.get(tenantId, id);
  }

  /**
   * Takes a failed job up again: what has no result yet waits for its turn, with a new deadline.
   * @throws DomainError NOT_FOUND, CONFLICT when it has not failed or its input is gone,
   * QUOTA_EXCEEDED when too many of the tenant's jobs wait
   */
  async retry(tenantId: string | null, id: string, actor: JobActor): Promise<JobView> {
    await this.retries.retry(tenantId, id, actor);
    this.admission.soon();
    return this.get(tenantId, id);
  }

  /**
   * Erases a finished job's input, results and file.
   * @throws DomainError NOT_FOUND, CONFLICT while it is not finished
   */
  purge(tenantId: string | null, id: string, actor: JobActor): Promise<void> {
    return this.endings.purge(tenantId, id, actor);
  }

  /**
   * What has been computed so far, in the order of the items; a stored slice at
   * a time, from `fromItem` on. Parts of a job that did not finish may be lacking.
   * @throws DomainError NOT_FOUND when there is no such job or its results were removed
   */
  results(
    tenantId: string | null,
    id: string,
    from: { readonly fromItem: number },
  ): AsyncIterable<JobResultPart> {
    return this.resultReader.read(tenantId, id, from.fromItem);
  }

  /**
   * What has happened to a job after event `afterSeq`, and what happens from now
   * on, whichever process it happens in. Ends after the job's last event, or with the signal.
   * @throws DomainError NOT_FOUND
   */
  events(
    tenantId: string | null,
    id: string,
    options: { readonly afterSeq: number; readonly signal: AbortSignal },
  ): AsyncIterable<JobEvent> {
    return this.eventLog.follow(tenantId, id, options);
  }

  /** All tenants' jobs, slices and workers in numbers. */
  load(): Promise<JobLoad> {
    return readJobLoad(this.parts);
  }

  /**
   * Announces this process as one that runs slices.
   * @param models versions it serves, as `name@version`: slices of others are left to other workers
   */
  presence(slots: number, models: readonly string[]): WorkerPresence {
    return new WorkerPresence(this.parts, slots, models);
  }

  /** Puts right what got lost, ends what is due. Never rejects; one process at a time does it. */
  sweep(): Promise<void> {
    return this.sweeping.sweep();
  }

  /** Lets what is under way finish; nothing is admitted afterwards. */
  async close(): Promise<void> {
    await this.admission.close();
  }
}

function noSuchJob(): DomainError {
  return new DomainError('NOT_FOUND', 'There is no such job.');
}
