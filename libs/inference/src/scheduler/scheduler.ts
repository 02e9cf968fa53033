import { DomainError, type Priority } from '@app/common';
import { formBatch, paddedTokens, paddingWaste, shapeOf } from '../batcher/form-batch.js';
import {
  LaneDiedError,
  RunFailedError,
  type BatchOutput,
  type Lane,
  type Runtime,
} from '../runtime/runtime.js';
import { BulkGate } from './bulk-gate.js';
import { BulkShare } from './bulk-share.js';
import { FairQueue } from './fair-queue.js';
import { Backlog } from './backlog.js';
import {
  DEFAULT_SCHEDULER_OPTIONS,
  type QueueStats,
  type RefusalReason,
  type SchedulerObserver,
  type SchedulerOptions,
} from './scheduler-options.js';
import { answer, clientClosed, closing, openSubmission, startDeadline } from './submission.js';
import type { ItemOutcome, ScheduledModel, SubmitContext, WorkItem } from './work.js';

/** Sending a batch takes a lane well under a millisecond: a longer run does not feel it. */
const SHORT_RUN_MS = 25;

/**
 * Gives free lanes their next batch. Lanes pull: a batch is formed only when
 * one can take it, from whatever waits then, so nothing is timed or polled and
 * batches grow by themselves as load does.
 */
export class Scheduler {
  private readonly options: SchedulerOptions;
  private readonly queues: Record<Priority, FairQueue> = {
    interactive: new FairQueue(),
    bulk: new FairQueue(),
  };
  /** Items whose batch failed or killed its lane: each is tried once more, alone, one at a time. */
  private readonly suspects = new Set<WorkItem>();
  private suspectLane: Lane | null = null;
  private readonly bulkShare = new BulkShare();
  private readonly bulkGate: BulkGate;
  private readonly backlog = new Backlog();
  private readonly totals = { batches: 0, items: 0, tokens: 0, padded: 0 };
  private lastSuccessAt: number | null = null;
  private batchesInFlight = 0;
  private isClosing = false;
  private onIdle: (() => void) | null = null;

  constructor(
    private readonly runtime: Runtime,
    options: Partial<SchedulerOptions> = {},
    private readonly observer: SchedulerObserver = {},
  ) {
    this.options = { ...DEFAULT_SCHEDULER_OPTIONS, ...options };
    this.bulkGate = new BulkGate((tokens) => this.hasBulkRoom(tokens));
    runtime.onLaneReady(() => this.pull());
  }

  /**
   * Queues some items of one caller, all or none, and answers when each has an outcome.
   * @param items token ids, one array an item; already within the model's limits
   * @throws DomainError OVERLOADED when there is no room, INFERENCE_TIMEOUT past the
   * deadline, CLIENT_CLOSED_REQUEST when the caller went away, SERVICE_UNAVAILABLE while closing
   */
  async submit(
    model: ScheduledModel,
    items: readonly Int32Array[],
    context: SubmitContext,
  ): Promise<ItemOutcome[]> {
    if (items.length === 0) return [];
    const tokens = items.reduce((sum, ids) => sum + ids.length, 0);
    if (context.signal.aborted) throw clientClosed();
    if (this.isClosing) throw this.refuse('closing', 1);
    if (context.priority === 'bulk') return this.enqueueWhenRoom(model, items, tokens, context);
    this.assertRoom(context, items.length, tokens);
    return this.enqueue(model, items, context);
  }

  /**
   * Refuses an interactive caller that could not be queued, before anything is spent on its input.
   * @throws DomainError OVERLOADED with the seconds after which to retry
   */
  assertRoom(context: SubmitContext, items = 1, tokens = 0): void {
    if (context.priority === 'bulk') return;
    const refusal = this.refusal(context.deadline, items, tokens);
    if (refusal) throw refusal;
  }

  /** The refusal any interactive caller would get now, whatever its deadline; null while there is room. */
  overload(): DomainError | null {
    return this.refusal(Infinity, 1, 0);
  }

  private refusal(deadline: number, items: number, tokens: number): DomainError | null {
    const queue = this.queues.interactive;
    const wait = this.estimatedWaitMs();
    const timeLeft = deadline - this.options.now();
    const patience = queue.items === 0 ? timeLeft : Math.min(timeLeft, this.options.maxQueueWaitMs);
    if (wait > patience) return this.refuse('wait_too_long', wait);
    if (queue.items === 0) return null;
    const full =
      queue.items + items > this.options.maxQueuedItems ||
      queue.tokens + tokens > this.options.maxQueuedTokens;
    return full ? this.refuse('queue_full', wait) : null;
  }

  stats(): QueueStats {
    const { interactive, bulk } = this.queues;
    const now = this.options.now();
    let oldest = now;
    let ages = 0;
    for (const queue of [interactive, bulk]) {
      for (const item of queue) {
        oldest = Math.min(oldest, item.enqueuedAt);
        ages += now - item.enqueuedAt;
      }
    }
    const { batches, items, tokens, padded } = this.totals;
    return {
      interactive: { items: interactive.items, tokens: interactive.tokens },
      bulk: { items: bulk.items, tokens: bulk.tokens, atGate: this.bulkGate.waiting },
      oldestMs: now - oldest,
      meanAgeMs: ages / Math.max(1, interactive.items + bulk.items),
      batches,
      items,
      meanBatchSize: items / Math.max(1, batches),
      paddingWaste: padded === 0 ? 0 : 1 - tokens / padded,
      lastSuccessAt: this.lastSuccessAt,
    };
  }

  /** Stops admitting, lets what waits finish until `deadline` (same clock), then rejects the rest. */
  async close(deadline: number): Promise<void> {
    this.isClosing = true;
    this.bulkGate.close(closing());
    if (!this.isIdle()) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, Math.max(0, deadline - this.options.now()));
        this.onIdle = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    for (const item of [...this.queues.interactive, ...this.queues.bulk, ...this.suspects]) {
      item.submission.settle(closing());
    }
  }

  // --- admission

  private async enqueueWhenRoom(
    model: ScheduledModel,
    items: readonly Int32Array[],
    tokens: number,
    context: SubmitContext,
  ): Promise<ItemOutcome[]> {
    const patience = new AbortController();
    const stopWaiting = startDeadline(context, this.options.now(), (error) =>
      patience.abort(error),
    );
    let outcomes: Promise<ItemOutcome[]> = Promise.resolve([]);
    try {
      await this.bulkGate.enter(tokens, patience.signal, () => {
        outcomes = this.enqueue(model, items, context);
      });
    } finally {
      stopWaiting();
    }
    return outcomes;
  }

  private hasBulkRoom(tokens: number): boolean {
    const { bulk } = this.queues;
    return bulk.items === 0 || bulk.tokens + tokens <= this.options.maxBulkTokens;
  }

  /** Milliseconds until an interactive item queued now would reach a lane. */
  private estimatedWaitMs(): number {
    return this.backlog.estimateMs(this.runtime.lanes.filter((lane) => lane.ready).length);
  }

  private refuse(reason: RefusalReason, waitMs: number): DomainError {
    this.observer.onRefused?.(reason);
    if (reason === 'closing') return closing();
    const seconds = Math.max(1, Math.ceil(waitMs / 1000));
    return new DomainError(
      'OVERLOADED',
      `The service has more work queued than it can finish in time; retry after ${seconds} s.`,
      { retryAfterSeconds: seconds },
    );
  }

  // --- queueing

  private enqueue(
    model: ScheduledModel,
    items: readonly Int32Array[],
    context: SubmitContext,
  ): Promise<ItemOutcome[]> {
    const now = this.options.now();
    return new Promise((resolve, reject) => {
      const abandon = (item: WorkItem) => this.withdraw(item);
      const submission = openSubmission(model, context, now, { resolve, reject, abandon });
      for (const [index, ids] of items.entries()) {
        const size = { length: ids.length, units: 1 };
        const item = { ...size, submission, index, ids, enqueuedAt: now, place: null };
        submission.items.push(item);
        this.queues[context.priority].push(item);
      }
      submission.pending = items.length;
      if (context.priority === 'interactive') this.backlog.add(submission.items);
      this.bulkGate.admit();
      this.pull();
    });
  }

  /** Drops an item whose caller no longer waits; one on a lane just finishes unheard. */
  private withdraw(item: WorkItem): void {
    const { priority } = item.submission.context;
    const waited = item.place !== null || this.suspects.delete(item);
    this.queues[priority].remove(item);
    if (waited && priority === 'interactive') this.backlog.remove([item]);
    this.afterQueueShrank();
  }

  private afterQueueShrank(): void {
    this.bulkGate.admit();
    if (this.isIdle()) this.onIdle?.();
  }

  private isIdle(): boolean {
    const { interactive, bulk } = this.queues;
    return interactive.items + bulk.items + this.suspects.size + this.batchesInFlight === 0;
  }

  // --- dispatch

  private pull(): void {
    for (let lane = this.freestLane(); lane; lane = this.freestLane()) {
      const batch = this.nextBatch(lane.inFlight > 0);
      const head = batch?.[0];
      if (!batch || !head) return;
      void this.runBatch(lane, batch, head);
    }
  }

  /** An idle lane, else one that can hold a second batch ready. */
  private freestLane(): Lane | null {
    let best: Lane | null = null;
    for (const lane of this.runtime.lanes) {
      if (!lane.ready || lane.inFlight > 1 || lane === this.suspectLane) continue;
      if (!best || lane.inFlight < best.inFlight) best = lane;
    }
    return best;
  }

  /**
   * What an idle lane runs next. A busy lane is given a second batch, so that
   * it need not wait for one to be sent, only while a full and short one waits
   * anyway: else it would be formed too early, from too few. Nor is bulk work
   * parked there beyond its share: an interactive request would have to wait
   * for it twice.
   */
  private nextBatch(laneIsBusy: boolean): WorkItem[] | null {
    const [suspect] = this.suspects;
    if (suspect && !this.suspectLane && !laneIsBusy) return [suspect];
    const { interactive, bulk } = this.queues;
    const urgent = interactive.head();
    const patient = bulk.head();
    if (!urgent) {
      return patient && !laneIsBusy ? this.takeBatch(bulk, patient, Infinity, false) : null;
    }
    if (laneIsBusy && !this.isWorthPreparing(urgent)) return null;
    const bulkAllowance = patient ? this.bulkShare.due(patient.length) : 0;
    return patient && bulkAllowance > 0
      ? this.takeBatch(bulk, patient, bulkAllowance, true)
      : this.takeBatch(interactive, urgent, Infinity, patient !== undefined);
  }

  /** Whether a full batch waits, so short that sending it while the lane idles would be felt. */
  private isWorthPreparing(head: WorkItem): boolean {
    const { maxBatchTokens } = head.submission.model.budget;
    if (this.queues.interactive.tokens < maxBatchTokens) return false;
    return this.backlog.runMs(head, maxBatchTokens) <= SHORT_RUN_MS;
  }

  private takeBatch(
    queue: FairQueue,
    head: WorkItem,
    allowance: number,
    contended: boolean,
  ): WorkItem[] {
    const { budget } = head.submission.model;
    const batch = formBatch(head, queue.candidates(head), {
      ...budget,
      maxBatchTokens: Math.min(budget.maxBatchTokens, allowance),
    });
    for (const item of batch) queue.remove(item);
    queue.charge(batch);
    const { priority } = head.submission.context;
    this.bulkShare.served(priority, paddedTokens(shapeOf(batch)), contended);
    return batch;
  }

  private async runBatch(lane: Lane, batch: readonly WorkItem[], head: WorkItem): Promise<void> {
    const isSuspect = this.suspects.delete(head);
    if (isSuspect) this.suspectLane = lane;
    const isBulk = head.submission.context.priority === 'bulk';
    if (isBulk) this.backlog.add(batch);
    this.batchesInFlight++;
    const startedAt = this.options.now();
    let left: readonly WorkItem[] = batch;
    try {
      const output = await lane.run(head.submission.model.key, {
        lengths: batch.map((item) => item.length),
        ids: batch.map((item) => item.ids),
      });
      if (output.rows.length !== batch.length) {
        throw new RunFailedError(`${output.rows.length} results for ${batch.length} inputs`);
      }
      this.settleBatch(batch, output, startedAt);
    } catch (error) {
      left = this.settleFailure(batch, error);
    } finally {
      this.backlog.remove(isBulk ? batch : left);
      this.batchesInFlight--;
      if (isSuspect) this.suspectLane = null;
      this.pull();
      this.afterQueueShrank();
    }
  }

  private settleBatch(batch: readonly WorkItem[], output: BatchOutput, startedAt: number): void {
    const shape = shapeOf(batch);
    const report = {
      runMs: output.runMs,
      batchSize: batch.length,
      batchTokens: paddedTokens(shape),
      paddingWaste: paddingWaste(shape),
    };
    const now = this.options.now();
    this.lastSuccessAt = now;
    this.totals.batches++;
    this.totals.items += batch.length;
    this.totals.tokens += shape.tokens;
    this.totals.padded += report.batchTokens;
    this.backlog.learn(batch, shape.tokens, output.runMs);
    this.report(batch, output.runMs, true);
    // Waiting in the lane behind another batch is queueing too.
    const laneWaitMs = Math.max(0, now - startedAt - output.runMs);
    for (const [i, row] of output.rows.entries()) {
      const item = batch[i];
      if (item) answer(item, { row, queueMs: startedAt - item.enqueuedAt + laneWaitMs, ...report });
    }
  }

  /**
   * One bad item must not fail its neighbours, and an item that kills its lane
   * must not kill it again and again: a failed batch is run again item by
   * item, and an item that was alone is answered with the failure.
   * @returns the items that will not run again
   */
  private settleFailure(batch: readonly WorkItem[], error: unknown): WorkItem[] {
    this.report(batch, 0, false);
    const wanted = batch.filter((item) => !item.submission.settled);
    const left = batch.filter((item) => item.submission.settled);
    if (error instanceof LaneDiedError && !error.wasRunning) {
      for (const item of wanted.reverse()) {
        this.queues[item.submission.context.priority].unshift(item);
      }
      return left;
    }
    if (batch.length > 1) {
      for (const item of wanted) this.suspects.add(item);
      return left;
    }
    const failure = new DomainError('INFERENCE_ERROR', 'The model failed on this input.', {
      cause: error,
    });
    for (const item of wanted) answer(item, failure);
    return [...batch];
  }

  private report(batch: readonly WorkItem[], runMs: number, ok: boolean): void {
    const submission = batch[0]?.submission;
    if (!submission) return;
    const shape = shapeOf(batch);
    this.observer.onBatch?.({
      model: submission.model.key,
      priority: submission.context.priority,
      size: batch.length,
      paddedTokens: paddedTokens(shape),
      paddingWaste: paddingWaste(shape),
      runMs,
      ok,
    });
  }
}
