import { DomainError } from '@app/common';
import type { ItemOutcome, ScheduledModel, Submission, SubmitContext, WorkItem } from './work.js';

/** setTimeout's longest delay; a deadline beyond it is no deadline. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface SubmissionCallbacks {
  readonly resolve: (outcomes: ItemOutcome[]) => void;
  readonly reject: (error: DomainError) => void;
  /** Called for each item when its caller stops waiting. */
  readonly abandon: (item: WorkItem) => void;
}

/** Opens a submission that ends by its outcomes, its deadline or its caller, whichever is first. */
export function openSubmission(
  model: ScheduledModel,
  context: SubmitContext,
  now: number,
  callbacks: SubmissionCallbacks,
): Submission {
  const stopWaiting = startDeadline(context, now, (error) => settle(error));
  const settle = (error?: DomainError) => {
    if (submission.settled) return;
    submission.settled = true;
    stopWaiting();
    if (!error) {
      callbacks.resolve(submission.outcomes);
      return;
    }
    for (const item of submission.items) callbacks.abandon(item);
    callbacks.reject(error);
  };
  const submission: Submission = {
    model,
    context,
    items: [],
    outcomes: [],
    pending: 0,
    settled: false,
    settle,
  };
  return submission;
}

/**
 * Calls `end` when the deadline passes or the caller goes away, whichever is first.
 * @returns a function that ends the watch
 */
export function startDeadline(
  context: SubmitContext,
  now: number,
  end: (error: DomainError) => void,
): () => void {
  const left = context.deadline - now;
  const timer =
    left <= LONGEST_TIMER_MS
      ? setTimeout(() => end(deadlinePassed()), Math.max(0, left))
      : undefined;
  const onAbort = () => end(clientClosed());
  context.signal.addEventListener('abort', onAbort, { once: true });
  return () => {
    clearTimeout(timer);
    context.signal.removeEventListener('abort', onAbort);
  };
}

export function deadlinePassed(): DomainError {
  return new DomainError(
    'INFERENCE_TIMEOUT',
    'The deadline passed before the prediction was ready; retry, or raise X-Request-Timeout-Ms.',
    { retryAfterSeconds: 1 },
  );
}

export function clientClosed(): DomainError {
  return new DomainError('CLIENT_CLOSED_REQUEST', 'The client closed the connection.');
}

export function closing(): DomainError {
  return new DomainError('SERVICE_UNAVAILABLE', 'The service is shutting down; retry shortly.', {
    retryAfterSeconds: 1,
  });
}

/** Gives an item its outcome; the last one answers the caller. */
export function answer(item: WorkItem, outcome: ItemOutcome): void {
  const { submission } = item;
  if (submission.settled) return;
  submission.outcomes[item.index] = outcome;
  if (--submission.pending === 0) submission.settle();
}
