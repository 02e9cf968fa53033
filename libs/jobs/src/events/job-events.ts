import { DomainError } from '@app/common';
import type { Queryable, Transaction } from '@app/database';
import { findJob } from '../jobs.repository.js';
import { isFinished, type JobRow } from '../job.js';
import { EVENT_TOPIC, type JobsParts } from '../jobs-parts.js';
import type { JobEvent, JobEventType } from './job-event.js';
import { jobEventsRepository as repository } from './job-events.repository.js';
import { progressOf } from './progress.js';
import { Wakers } from './wakers.js';

/** Between two progress events of a job, ms. */
const PROGRESS_EVERY_MS = 500;
/** What the rate is reckoned over, ms. */
const RATE_WINDOW_MS = 30_000;
/** Signals arrive within a second; this is for one that is lost with its process. */
const LOOK_AGAIN_MS = 5_000;
/** Jobs that are remembered as told of; those that others finished are forgotten now and then. */
const MOST_TOLD = 1_000;
/** Webhooks of progress are sent at every tenth of the way. */
const TOLD_PERCENT = 10;

/** What happened to jobs: rows that any process can follow. */
export class JobEvents {
  private readonly wakers = new Wakers();
  /** When this process last wrote, or found written, progress of a job. */
  private readonly toldAt = new Map<string, number>();

  constructor(private readonly parts: JobsParts) {
    parts.signals.on(EVENT_TOPIC, (jobId) => this.wakers.wake(jobId));
  }

  /** Writes down a change of a job's state; the caller's transaction holds its row. */
  async record(tx: Transaction, job: JobRow, type: JobEventType): Promise<void> {
    const at = this.parts.now();
    const error = job.error as JobEvent['error'];
    const progress = progressOf({ at, current: job.done }, job, null);
    await repository.add(tx, { jobId: job.id, type, at, data: { progress, error } });
    if (isFinished(job.status)) {
      this.toldAt.delete(job.id);
      await repository.removeProgress(tx, job.id);
    }
  }

  /** Takes back all that was told of a job. */
  async forget(tx: Transaction, jobId: string): Promise<void> {
    await repository.removeAll(tx, jobId);
  }

  /** Lets followers in every process look; after the commit. Never rejects: they look by themselves too. */
  async announce(jobId: string): Promise<void> {
    try {
      await this.parts.signals.send(EVENT_TOPIC, jobId);
    } catch (err) {
      this.parts.log.warn({ err }, 'an event of a job could not be announced; it is seen later');
    }
  }

  /** Tells how far a running job is, unless that was told within the last half second. */
  async progress(jobId: string): Promise<void> {
    const now = performance.now();
    if (now - (this.toldAt.get(jobId) ?? -Infinity) < PROGRESS_EVERY_MS) return;
    if (this.toldAt.size >= MOST_TOLD) this.toldAt.clear();
    this.toldAt.set(jobId, now);
    const deliveries = await this.parts.database.transaction((tx) => this.tell(tx, jobId));
    if (deliveries === null) return;
    this.parts.notifier.wake(deliveries);
    await this.announce(jobId);
  }

  /** @returns deliveries to wake; null when there is nothing to tell */
  private async tell(tx: Transaction, jobId: string): Promise<readonly string[] | null> {
    const job = await repository.lockRunning(tx, jobId);
    if (job === null) return null;
    const at = this.parts.now();
    const last = await repository.newest(tx, jobId);
    const fresh = last !== null && at.getTime() - last.at.getTime() < PROGRESS_EVERY_MS;
    if (fresh && last.type === 'progress') return null;
    const before = last?.progress.current ?? 0;
    // An attempt that is begun again computes anew what has been told of already.
    const current = Math.max(before, job.done + (await repository.computed(tx, jobId)));
    const since = new Date(at.getTime() - RATE_WINDOW_MS);
    const first = await repository.firstProgressSince(tx, jobId, since);
    const point = first === null ? null : { at: first.at, current: first.progress.current };
    const progress = progressOf({ at, current }, job, point);
    await repository.add(tx, { jobId, type: 'progress', at, data: { progress, error: null } });
    const passed =
      Math.floor(progress.percent / TOLD_PERCENT) >
      Math.floor((last?.progress.percent ?? 0) / TOLD_PERCENT);
    return passed ? this.parts.notifier.announce(tx, job, 'job.progress') : [];
  }

  async *follow(
    tenantId: string | null,
    id: string,
    { afterSeq, signal }: { readonly afterSeq: number; readonly signal: AbortSignal },
  ): AsyncGenerator<JobEvent> {
    const db: Queryable = this.parts.database.db;
    if ((await findJob(db, tenantId, id)) === null) {
      throw new DomainError('NOT_FOUND', 'There is no such job.');
    }
    const waker = this.wakers.watch(id);
    try {
      for (let seq = afterSeq; !signal.aborted;) {
        waker.reset();
        const events = await repository.after(db, id, seq);
        for (const event of events) {
          seq = event.seq;
          yield event;
          if (event.type !== 'queued' && event.type !== 'progress') return;
        }
        if (events.length > 0) continue;
        // One that has ended and been told of: who resumes after its last event waits for nothing.
        const job = await findJob(db, tenantId, id);
        if (job === null || (isFinished(job.status) && (await this.isLast(id, seq)))) return;
        await waker.wait(LOOK_AGAIN_MS, signal);
      }
    } finally {
      waker.close();
    }
  }

  private async isLast(id: string, seq: number): Promise<boolean> {
    const newest = await repository.newest(this.parts.database.db, id);
    return newest === null || newest.seq <= seq;
  }
}
