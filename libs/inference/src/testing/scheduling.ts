import { DomainError } from '@app/common';
import { ManualRuntime } from './manual-runtime.js';
import type { SchedulerOptions } from '../scheduler/scheduler-options.js';
import { Scheduler } from '../scheduler/scheduler.js';
import type { ItemOutcome, ItemResult, ScheduledModel, SubmitContext } from '../scheduler/work.js';

/** Batches of at most 40 padded tokens. */
export const model: ScheduledModel = {
  key: 'assertion@1.0.0',
  budget: { maxBatchTokens: 40, maxPaddingWaste: 0.1 },
};

/** An interactive caller without a deadline. */
export const context = (overrides: Partial<SubmitContext> = {}): SubmitContext => ({
  tenantId: 'default',
  priority: 'interactive',
  deadline: Infinity,
  signal: new AbortController().signal,
  ...overrides,
});

export const tokens = (length: number, id = 7) => new Int32Array(length).fill(id);

/** A scheduler whose batches run until the test ends them. */
export function setup(laneCount = 1, options: Partial<SchedulerOptions> = {}) {
  const runtime = new ManualRuntime(laneCount);
  const refused: string[] = [];
  const scheduler = new Scheduler(runtime, options, { onRefused: (why) => refused.push(why) });
  const submit = (items: Int32Array[], overrides: Partial<SubmitContext> = {}, m = model) =>
    scheduler.submit(m, items, context(overrides));
  /** Occupies every lane with a running batch and one behind it, so that what follows must queue. */
  const occupy = () => {
    for (let i = 0; i < 2 * laneCount; i++) void submit([tokens(40, 99)]);
  };
  return { runtime, scheduler, submit, occupy, refused };
}

/** What a promise rejects with. */
export const failure = (promise: Promise<unknown>): Promise<DomainError> =>
  promise.then(
    () => Promise.reject(new Error('it succeeded')),
    (error: unknown) => error as DomainError,
  );

/** The outcome of an item that must have succeeded. */
export const ok = (outcome: ItemOutcome | undefined): ItemResult => {
  if (!outcome || outcome instanceof DomainError) throw new Error('the item failed');
  return outcome;
};
