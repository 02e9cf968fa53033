import { DomainError, type Priority } from '@app/common';
import { formBatch, paddedTokens, paddingWaste, shapeOf } from '../batcher/form-batch.js';
import {
  LaneDiedError,
  RunFailedError,
  type BatchOutput,
  type Lane,
  type Runtime,
} from '../runtime/runtime.js';
import { Admission } from './admission.js';
import { BulkGate } from './bulk-gate.js';
import { BulkShare, SHORT_RUN_MS } from './bulk-share.js';
import { Backlog } from './backlog.js';
import { batchReport } from './batch-report.js';
import { FairQueue } from './fair-queue.js';
import { LaneForecast } from './lane-forecast.js';
import { BatchTotals, queueStats } from './queue-stats.js';
import {
  DEFAULT_SCHEDULER_OPTIONS,
  type QueueStats,
  type SchedulerObserver,
  type SchedulerOptions,
} from './scheduler-options.js';
import { answer, clientClosed, closing, openSubmission, startDeadline } from './submission.js';
import { Suspects } from './suspects.js';
import type { ItemOutcome, ScheduledModel, SubmitContext, WorkItem } from './work.js';

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
  private readonly suspects = new Suspects();
  private readonly bulkShare: BulkShare;
  private readonly bulkGate: BulkGate;
  private readonly backlog = new Backlog();
  private readonly forecast: LaneForecast;
  private readonly admission: Admission;
  private readonly totals = new BatchTotals();
  private batchesInFlight = 0;
  private isClosing = false;
  /** Past the end of the grace: what a lane still gives back is answered, never run again. */
  private isClosed = false;
  private onIdle: (() => void) | null = null;

  constructor(
    private readonly runtime: Runtime,
    options: Partial<SchedulerOptions> = {},
    private readonly observer: SchedulerObserver = {},
  ) {
    this.options = { ...DEFAULT_SCHEDULER_OPTIONS, ...options };
    this.bulkShare = new BulkShare(this.options.now);
    this.forecast = new LaneForecast(this.options.now, () => this.pull());
    const { interactive, bulk } = this.queues;
    this.admission = new Admission(
      runtime,
      interactive,
      this.backlog,
      this.forecast,
      this.options,
      observer,
    );
    this.bulkGate = new BulkGate(
      (more) => bulk.hasRoom(more, this.options.maxBulkTokens),
      (tenantId) => bulk.clockAfterAll(tenantId),
    );
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
    if (this.isClosing) throw this.admission.refuse('closing', 1);
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
    const refusal = this.admission.refusal(context, items, tokens);
    if (refusal) throw refusal;
  }

  /**
   * The refusal any interactive caller would get now, whoever it is; null while some would be let in.
   * @param tenantId whose callers are meant; any tenant's if left out
   */
  overload(tenantId?: string): DomainError | null {
    return this.admission.refusalOfAll(tenantId);
  }

  stats(): QueueStats {
    return queueStats(this.queues, this.bulkGate.waiting, this.totals, this.options.now());
  }

  /** What all lanes do of a model when nothing else runs; null before its first batch. */
  itemsPerSecond(modelKey: string): number | null {
    return this.backlog.itemsPerSecond(modelKey, this.runtime.lanes.length);
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
    this.isClosed = true;
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
      await this.bulkGate.enter(context.tenantId, tokens, patience.signal, () => {
        outcomes = this.enqueue(model, items, context);
      });
    } finally {
      stopWaiting();
    }
    return outcomes;
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
        const { length } = ids;
        const item = { length, units: 1, submission, index, ids, enqueuedAt: now, place: null };
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
    let lane = this.freestLane();
    while (lane && this.dispatch(lane)) lane = this.freestLane();
    const { interactive, bulk } = this.queues;
    if (lane && interactive.items + bulk.items > 0) this.forecast.watch(lane);
  }

  private dispatch(lane: Lane): boolean {
    const batch = this.nextBatch(lane);
    const head = batch?.[0];
    if (batch && head) void this.runBatch(lane, batch, head);
    return head !== undefined;
  }

  /** An idle lane, else the first to be idle among those that can hold a second batch ready. */
  private freestLane(): Lane | null {
    let best: Lane | null = null;
    let soonest = Infinity;
    for (const lane of this.runtime.lanes) {
      if (!lane.ready || lane.inFlight > 1 || lane === this.suspects.lane) continue;
      if (lane.inFlight === 0) return lane;
      const remaining = this.forecast.remainingMs(lane);
      if (remaining >= soonest) continue;
      best = lane;
      soonest = remaining;
    }
    return best;
  }

  /**
   * What an idle lane runs next. A busy lane is given a second batch, so that
   * it need not wait for one to be sent, but only shortly before it ends: else
   * it would be formed too early, from too few, and bulk work would stand in
   * the way of interactive work that came meanwhile.
   */
  private nextBatch(lane: Lane): WorkItem[] | null {
    const isBusy = lane.inFlight > 0;
    const { interactive, bulk } = this.queues;
    const suspect = this.suspects.next('interactive');
    const urgent = suspect ?? interactive.head();
    const patient = this.suspects.next('bulk') ?? bulk.head();
    const bulkTokens = suspect ? 0 : this.bulkTokens(urgent, patient);
    const isBulkDue = bulkTokens > 0;
    const head = isBulkDue ? patient : urgent;
    if (!head) return null;
    const isContended = urgent !== undefined && patient !== undefined;
    if (this.suspects.has(head)) {
      // No lane is refilled until one has run dry for it: under load none would ever be idle.
      return isBusy ? null : this.takeSuspect(head, isContended);
    }
    if (isBusy && !this.isTimeToPrepare(lane, urgent ?? head)) return null;
    return isBulkDue
      ? this.takeBatch(bulk, head, bulkTokens, isContended)
      : this.takeBatch(interactive, head, Infinity, isContended);
  }

  /**
   * Whether to form the batch that follows on a busy lane. Where much waits it
   * will not get better. A run shorter than the lead is always near its end:
   * behind it only a full batch is worth sending.
   */
  private isTimeToPrepare(lane: Lane, head: WorkItem): boolean {
    const { maxBatchTokens } = head.submission.model.budget;
    const waiting = this.queues.interactive.tokens;
    const isShort = this.forecast.runMs(lane) <= SHORT_RUN_MS;
    if (isShort && waiting >= 2 * maxBatchTokens) return true;
    if (!this.forecast.isNearEnd(lane)) return false;
    return !this.forecast.isAlwaysNearEnd(lane) || waiting >= maxBatchTokens;
  }

  /** The most tokens that bulk work may take now, 0 when it is not its turn. */
  private bulkTokens(urgent: WorkItem | undefined, patient: WorkItem | undefined): number {
    if (!patient) return 0;
    const { maxBatchTokens } = patient.submission.model.budget;
    const fullRunMs = this.backlog.runMs(patient, maxBatchTokens);
    const most = this.bulkShare.batchTokens(maxBatchTokens, fullRunMs);
    return urgent ? Math.min(most, this.bulkShare.due(patient.length)) : most;
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

  /** Bills the priority alone: the tenant was billed when the item ran with others. */
  private takeSuspect(suspect: WorkItem, contended: boolean): WorkItem[] {
    const { priority } = suspect.submission.context;
    this.bulkShare.served(priority, paddedTokens(shapeOf([suspect])), contended);
    return [suspect];
  }

  private async runBatch(lane: Lane, batch: readonly WorkItem[], head: WorkItem): Promise<void> {
    const isSuspect = this.suspects.delete(head);
    if (isSuspect) this.suspects.lane = lane;
    const isBulk = head.submission.context.priority === 'bulk';
    if (isBulk) this.backlog.add(batch);
    this.batchesInFlight++;
    this.forecast.sent(lane, this.backlog.runMs(head, shapeOf(batch).tokens));
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
      this.forecast.ended(lane);
      if (isSuspect) this.suspects.lane = null;
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
    this.backlog.learn(batch, shape.tokens, output.runMs);
    this.report(batch, output.runMs, true);
    // Waiting in the lane behind another batch is queueing too.
    const laneWaitMs = Math.max(0, this.options.now() - startedAt - output.runMs);
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
    if (this.isClosed) {
      for (const item of wanted) item.submission.settle(closing());
      return [...batch];
    }
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
    const report = batchReport(batch, runMs, ok);
    if (!report) return;
    if (ok) this.totals.add(report, this.options.now());
    this.observer.onBatch?.(report);
  }
}
