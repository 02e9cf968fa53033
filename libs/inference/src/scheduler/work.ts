import type { CancelSignal, DomainError, Priority } from '@app/common';
import type { BatchBudget, Sized } from '../batcher/form-batch.js';
import type { Node } from './linked-queue.js';

/** A model version as the scheduler knows it. */
export interface ScheduledModel {
  /** `name@version`. */
  readonly key: string;
  readonly budget: BatchBudget;
}

/** The part of a RequestContext that scheduling depends on. */
export interface SubmitContext {
  readonly tenantId: string;
  /** Share of the device the tenant is due when others wait too; 1 by default. */
  readonly weight?: number;
  readonly priority: Priority;
  /** Milliseconds on the scheduler's clock. */
  readonly deadline: number;
  readonly signal: CancelSignal;
}

/** One item's answer and how it came about. */
export interface ItemResult {
  readonly row: Float32Array;
  readonly queueMs: number;
  readonly runMs: number;
  readonly batchSize: number;
  /** Padded tokens of the batch it ran in. */
  readonly batchTokens: number;
  /** Share of that batch that was padding, 0–1. */
  readonly paddingWaste: number;
}

/** An item fails alone: its neighbours in the same submission still have their results. */
export type ItemOutcome = ItemResult | DomainError;

/** Some items that were admitted together and are answered together. */
export interface Submission {
  readonly model: ScheduledModel;
  readonly context: SubmitContext;
  readonly items: WorkItem[];
  /** By item index; complete when the submission resolves. */
  readonly outcomes: ItemOutcome[];
  /** Items without an outcome yet. */
  pending: number;
  settled: boolean;
  /** Answers the caller and drops the deadline timer and the abort listener. */
  readonly settle: (error?: DomainError) => void;
}

export interface WorkItem extends Sized {
  readonly submission: Submission;
  readonly index: number;
  readonly ids: Int32Array;
  readonly enqueuedAt: number;
  /** Its place while it waits; null once it is on a lane or settled. */
  place: Node<WorkItem> | null;
}
