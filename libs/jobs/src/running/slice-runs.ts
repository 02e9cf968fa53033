import { DomainError, newId } from '@app/common';
import { REST_MS, type Admission } from '../admission/admission.js';
import type { EnvelopeColumn } from '../envelopes.js';
import type { JobEvents } from '../events/job-events.js';
import type { JobError, JobRow, SliceRow } from '../job.js';
import type { Ended, JobEndings } from '../job-endings.js';
import { CANCELLED_TOPIC, type JobsParts } from '../jobs-parts.js';
import { jobsRepository } from '../jobs.repository.js';
import { resultLines } from '../results/job-results.js';
import { sliceInputs } from '../submission/submissions.js';
import { SliceInputs, type SliceItem } from './slice-inputs.js';
import { SliceRun, type ClaimedSlice } from './slice-run.js';
import { sliceRunsRepository as repository } from './slice-runs.repository.js';

export type { ClaimedSlice, SliceItem };

/** Begun more often than this without an end, a slice is divided to find what ends its workers. */
const MOST_ATTEMPTS = 3;

const INDIVISIBLE: JobError = {
  code: 'INTERNAL_ERROR',
  message:
    'Inputs of the job could not be read, however often it was tried. Retry the job later, or ask who runs the service.',
};

/** That a slice's results are there now, and the job's end when it was the last. */
interface Stored {
  readonly ended: Ended | null;
}

/** Slices from being taken by a worker to what came of them. */
export class SliceRuns {
  private readonly inputs: SliceInputs;
  private readonly sealedInputs: EnvelopeColumn;
  private readonly sealedLines: EnvelopeColumn;
  private readonly active = new Set<SliceRun>();

  constructor(
    private readonly parts: JobsParts,
    private readonly events: JobEvents,
    private readonly endings: JobEndings,
    private readonly admission: Admission,
  ) {
    this.inputs = new SliceInputs(parts);
    this.sealedInputs = sliceInputs(parts.cipher);
    this.sealedLines = resultLines(parts);
    parts.signals.on(CANCELLED_TOPIC, (jobId) => {
      for (const run of this.active) if (run.job.id === jobId) run.lose();
    });
  }

  /**
   * Takes a slice for a worker, which says from then on that it is at it. One whose
   * model version the worker does not serve goes back, for a worker that does.
   * @param deadLine makes the result line of an item that has ended every worker that tried it
   * @returns null when this worker has nothing to do: done, cancelled, with another one, or sent back
   * @throws what nobody expected, after the job was failed, and SERVICE_UNAVAILABLE while the database is away
   */
  async begin(
    sliceId: string,
    workerId: string,
    deadLine: (index: number) => string,
  ): Promise<ClaimedSlice | null> {
    const { database, settings } = this.parts;
    const claimed = await repository.claim(database.db, sliceId, workerId, settings.staleMs);
    if (claimed === null) {
      await this.sendBack(sliceId, workerId);
      return null;
    }
    const { job, slice } = claimed;
    if (slice.attempts > MOST_ATTEMPTS) {
      await this.narrowOrFail(job, slice, deadLine);
      return null;
    }
    const run = new SliceRun(job, slice, {
      beat: async (computed) => {
        const mine = await repository.beat(database.db, slice.id, workerId, computed);
        if (mine) await this.events.progress(job.id);
        return mine;
      },
      everyMs: settings.heartbeatMs,
      items: () => this.inputs.items(job, slice),
      onEnd: (ended) => this.active.delete(ended),
    });
    this.active.add(run);
    run.start();
    return run;
  }

  /**
   * Hands in a line for every item of the slice, in their order, of which `failed` hold an error.
   * Without effect when the slice has been handed in before or is no longer wanted.
   */
  async finish(
    { job, slice }: Pick<ClaimedSlice, 'job' | 'slice'>,
    lines: readonly string[],
    failed: number,
  ): Promise<void> {
    if (lines.length !== slice.items) {
      throw new Error(`${lines.length} results for a slice of ${slice.items} items`);
    }
    const id = newId();
    const sealed = this.sealedLines.seal(id, lines.join('\n'));
    const { firstItem, items } = slice;
    const stored = await this.parts.database.transaction(async (tx): Promise<Stored | null> => {
      const running = await jobsRepository.lock(tx, null, job.id);
      if (running?.status !== 'processing') return null;
      if (!(await repository.finish(tx, slice))) return null;
      const results = { id, jobId: job.id, firstItem, items, lines: sealed };
      if (!(await repository.addResults(tx, results))) return null;
      const after = await jobsRepository.addDone(tx, job.id, { done: items, failed });
      if (after === null || after.done < after.total) return { ended: null };
      return { ended: await this.endings.end(tx, after, 'completed') };
    });
    if (stored !== null) this.parts.observer.onItems(items, failed);
    if (stored?.ended != null) await this.endings.tell(stored.ended);
    this.admission.soon();
  }

  /**
   * Leaves a slice to whoever takes it up next.
   * @param options.counts whether the attempt was the slice's own failure
   */
  async giveBack(
    { slice }: Pick<ClaimedSlice, 'slice'>,
    workerId: string,
    options: { readonly counts: boolean },
  ): Promise<void> {
    const { counts } = options;
    await repository.giveBack(this.parts.database.db, slice.id, workerId, {
      counts,
      restMs: REST_MS,
    });
    if (!counts) this.admission.cameBack();
  }

  /** Ends the whole job: its file is gone, or its time is over. */
  async failJob(jobId: string, error: JobError): Promise<void> {
    await this.endings.fail(jobId, error);
    this.admission.soon();
  }

  /** Nothing happens to a slice that the worker serves, or that is not there to be worked on. */
  private async sendBack(sliceId: string, workerId: string): Promise<void> {
    const { database, settings } = this.parts;
    const rest = { staleMs: settings.staleMs, restMs: REST_MS };
    const sent = await repository.sendBack(database.db, sliceId, workerId, rest);
    if (sent !== null) await this.admission.cameBackUndone(sent.job, sent.slice.items);
  }

  /** What cannot even be divided would be begun for ever, in the room of other tenants. */
  private async narrowOrFail(
    job: JobRow,
    slice: SliceRow,
    deadLine: (index: number) => string,
  ): Promise<void> {
    try {
      await this.narrow(job, slice, deadLine);
    } catch (error) {
      if (!(error instanceof DomainError)) {
        await this.failJob(job.id, INDIVISIBLE);
        throw error;
      }
      // The database is away: nothing can be ended now, and the slice is taken up again.
      if (error.code === 'SERVICE_UNAVAILABLE') throw error;
      await this.failJob(job.id, { code: error.code, message: error.message });
    }
  }

  /** Divides what keeps ending its workers, down to the one item that does. */
  private async narrow(
    job: JobRow,
    slice: SliceRow,
    deadLine: (index: number) => string,
  ): Promise<void> {
    const inputs = await this.inputs.stored(job, slice);
    if (slice.items === 1) {
      await this.finish({ job, slice }, [deadLine(slice.firstItem)], 1);
      return;
    }
    const middle = slice.items >> 1;
    const halves = [inputs.slice(0, middle), inputs.slice(middle)].map((part, i) => {
      const id = newId();
      return {
        id,
        jobId: job.id,
        firstItem: slice.firstItem + (i === 0 ? 0 : middle),
        items: part.length,
        state: 'waiting',
        inputs: this.sealedInputs.seal(id, JSON.stringify(part)),
        // The half without the culprit succeeds at its first attempt; the other one need not fail three times more.
        attempts: MOST_ATTEMPTS - 1,
      };
    });
    await this.parts.database.transaction(async (tx) => {
      const running = await jobsRepository.lock(tx, null, job.id);
      if (running?.status === 'processing') await repository.divide(tx, slice.id, halves);
    });
    this.parts.log.warn(
      { job: job.id, firstItem: slice.firstItem, items: slice.items },
      'a slice ended every worker that tried it, and is divided',
    );
    this.admission.soon();
  }
}
