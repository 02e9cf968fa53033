import { DomainError } from '@app/common';
import { failureLine, type InferenceService } from '@app/inference';
import type { ClaimedSlice, SliceRuns } from '@app/jobs';
import { ERROR_FATES, type ErrorFate } from './error-fate.js';
import { computeSlice } from './slice-computation.js';
import { withRetries } from './with-retries.js';

/** Works on one slice at a time for each call; may be called again for the same one without effect. */
export class JobRunner {
  constructor(
    private readonly slices: SliceRuns,
    private readonly inference: Pick<InferenceService, 'predictEach'>,
    private readonly workerId: string,
  ) {}

  /**
   * @param stopping aborts when the process is to end: the slice is left to others
   * @throws what nobody expected, after the slice was left to another attempt
   */
  async run(sliceId: string, stopping: AbortSignal): Promise<void> {
    const slice = await this.slices.begin(sliceId, this.workerId, endedItsWorker);
    if (slice === null) return;
    try {
      const signal = AbortSignal.any([slice.signal, stopping]);
      const { lines, failed } = await computeSlice(slice, this.inference, signal);
      await withRetries(() => this.slices.finish(slice, lines, failed), signal);
    } catch (error) {
      await this.giveUp(slice, stopping, error);
    } finally {
      slice.end();
    }
  }

  private async giveUp(slice: ClaimedSlice, stopping: AbortSignal, error: unknown): Promise<void> {
    if (slice.signal.aborted) return;
    const fate = stopping.aborted ? 'retry' : fateOf(error);
    if (fate === 'job' && error instanceof DomainError) {
      const { code, message } = error;
      await this.slices.failJob(slice.job.id, { code, message });
      return;
    }
    await this.slices.giveBack(slice, this.workerId, { counts: fate === 'slice' });
    if (fate === 'slice') throw error;
  }
}

function fateOf(error: unknown): ErrorFate {
  return error instanceof DomainError ? ERROR_FATES[error.code] : 'slice';
}

function endedItsWorker(index: number): string {
  const message = 'Predicting this input ended its worker each time it was tried.';
  return failureLine(index, new DomainError('INFERENCE_ERROR', message));
}
