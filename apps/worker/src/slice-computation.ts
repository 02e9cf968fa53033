import { setMaxListeners } from 'node:events';
import { DomainError, type RequestContext } from '@app/common';
import {
  failureLine,
  predictionLine,
  type InferenceRequest,
  type InferenceService,
  type PredictOptions,
} from '@app/inference';
import type { ClaimedSlice, JobInput, JobOptions, JobRow, SliceItem } from '@app/jobs';
import { likeLengthGroups, type GroupSizes, type Placed } from './like-length-groups.js';
import { withRetries } from './with-retries.js';

const GROUPS: GroupSizes = {
  /** Submitted at once: enough that a group costs little, few enough that others get their turn between two. */
  items: 64,
  /** About a second of work, so that progress stays even. */
  stretchItems: 2_048,
  /** Characters. */
  stretchLength: 4_000_000,
};
/** Groups under way at once, so that the lanes never wait for the next. */
const GROUPS_IN_FLIGHT = 8;

export interface SliceOutcome {
  /** One JSON object an item, in their order. */
  readonly lines: readonly string[];
  /** How many of them hold an error. */
  readonly failed: number;
}

/**
 * Predicts all items of a slice through the way of every prediction, at bulk
 * priority. An item's failure is its own result; what meets all of them is
 * tried again while it may pass.
 *
 * @throws DomainError that met all items of a group and did not pass, or the signal's reason
 */
export async function computeSlice(
  slice: ClaimedSlice,
  inference: Pick<InferenceService, 'predictEach'>,
  signal: AbortSignal,
): Promise<SliceOutcome> {
  const { firstItem, items } = slice.slice;
  const lines = new Array<string>(items).fill('');
  let failed = 0;
  let seen = 0;
  const failing = new AbortController();
  const either = AbortSignal.any([signal, failing.signal]);
  // Every group listens, once at the gate and once in the queue; Node would take that for a leak.
  setMaxListeners(4 * GROUPS_IN_FLIGHT, either);
  const work = workOf(slice.job, either);
  const underWay = new Set<Promise<void>>();
  try {
    for await (const group of likeLengthGroups(slice.items(), lengthOf, GROUPS)) {
      either.throwIfAborted();
      // A failure is told before its group is no longer waited for: nobody may take it for done.
      const done = predictGroup(group)
        .catch((error: unknown) => failing.abort(error))
        .finally(() => underWay.delete(done));
      seen += group.length;
      underWay.add(done);
      if (underWay.size >= GROUPS_IN_FLIGHT) await Promise.race(underWay);
    }
    await Promise.all(underWay);
    either.throwIfAborted();
  } finally {
    failing.abort();
    await Promise.all(underWay);
  }
  if (seen !== items) {
    throw new DomainError('NOT_FOUND', 'The input file does not hold the rows any more it had.');
  }
  return { lines, failed };

  async function predictGroup(group: readonly Placed<SliceItem>[]): Promise<void> {
    const inputs = group.flatMap(({ item }): JobInput | [] =>
      item instanceof DomainError ? [] : item,
    );
    const request = { ...work.request, inputs };
    const answers = await withRetries(() => inference.predictEach(request, work.context), either);
    let next = 0;
    for (const { at, item } of group) {
      const answer = item instanceof DomainError ? item : answers.items[next++];
      if (answer === undefined) throw new DomainError('INTERNAL_ERROR', 'A result went missing.');
      const isError = answer instanceof DomainError;
      if (isError) failed++;
      const index = firstItem + at;
      lines[at] = isError
        ? failureLine(index, answer)
        : predictionLine(index, answer, work.withProbabilities);
    }
    slice.advance(group.length);
  }
}

function lengthOf(item: SliceItem): number {
  return item instanceof DomainError ? 0 : item.text.length;
}

function workOf(
  job: JobRow,
  signal: AbortSignal,
): {
  readonly request: Omit<InferenceRequest, 'inputs'>;
  readonly context: RequestContext;
  readonly withProbabilities: boolean;
} {
  const { truncate, offsetUnit, returnProbabilities = false } = job.options as JobOptions;
  const options: PredictOptions = { truncate, offsetUnit };
  return {
    request: { model: { name: job.model, version: job.modelVersion }, options },
    context: {
      tenantId: job.tenantId,
      principalId: job.principalId,
      tier: job.tier,
      permissions: new Set(),
      requestId: job.requestId,
      priority: 'bulk',
      deadline: performance.now() + (job.deadlineAt.getTime() - Date.now()),
      signal,
    },
    withProbabilities: returnProbabilities,
  };
}
