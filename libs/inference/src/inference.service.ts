import { DomainError, newId, type PredictionEvent, type RequestContext } from '@app/common';
import type { ModelManifest, ModelRegistry, ModelSelector } from '@app/model-registry';
import type { ModelPool, ServedModel } from './model-pool.js';
import type { PredictionObservers } from './observers.js';
import type { Scheduler } from './scheduler/scheduler.js';
import type { ItemOutcome, ItemResult, SubmitContext } from './scheduler/work.js';
import { taskFor, type Prediction } from './tasks/task-registry.js';
import type { PredictOptions, RawInput } from './tasks/task.js';
import type { Encoding } from './tokenization/tokenizer.js';
import { mapInTurns, turnsFor } from './turns.js';

export interface InferenceRequest {
  readonly model: ModelSelector;
  readonly inputs: readonly RawInput[];
  readonly options: PredictOptions;
  /** What the caller calls a task's field (`text`, `entity.start`) of input `index`: `sentences[3].entity.start`. */
  readonly fieldName?: (index: number, field: string) => string;
  /** Counts the request against its caller's quota, or throws; called when nothing else speaks against it. */
  readonly charge?: () => void | Promise<void>;
}

export interface ItemPrediction {
  readonly predictionId: string;
  readonly prediction: Prediction;
  /** How it came about: waiting, running, and the batch it shared. */
  readonly result: ItemResult;
}

export interface InferenceAnswer {
  readonly model: ModelManifest;
  /** In the order of the inputs. */
  readonly items: readonly ItemPrediction[];
}

/** As an InferenceAnswer, with the failures of single items in their places. */
export interface EachAnswer {
  readonly model: ModelManifest;
  /** In the order of the inputs. */
  readonly items: readonly (ItemPrediction | DomainError)[];
}

/** Share of the device a tenant is due when others wait too, relative to theirs; above 0. */
export type TenantWeight = (tenantId: string, tier: string) => number;

/**
 * The way of every prediction, whoever asks: a request on the wire, a batch, a
 * job. (The architecture's ModelService.)
 */
export class InferenceService {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly pool: ModelPool,
    private readonly scheduler: Scheduler,
    private readonly observers: PredictionObservers,
    private readonly tenantWeight: TenantWeight = () => 1,
  ) {}

  /**
   * @throws DomainError for a wrong input, an unknown model,
   * overload, a passed deadline or a failing model; the first failing item fails the request
   */
  predict(request: InferenceRequest, context: RequestContext): Promise<InferenceAnswer> {
    return this.answer<never>(request, context, (step) => step());
  }

  /**
   * As `predict`, for callers who want the others' answers when an item fails:
   * a wrong input, or one that the model fails on.
   *
   * @throws DomainError for what concerns all items: an unknown model, a passed
   * deadline, a caller who left, a service that is closing
   */
  predictEach(request: InferenceRequest, context: RequestContext): Promise<EachAnswer> {
    return this.answer(request, context, orItsError);
  }

  /** @param attempt does a step of one item, and may turn its failure into a value */
  private async answer<Failure extends DomainError>(
    request: InferenceRequest,
    context: RequestContext,
    attempt: <T>(step: () => T) => T | Failure,
  ): Promise<{ model: ModelManifest; items: (ItemPrediction | Failure)[] }> {
    const model = this.pool.get(this.registry.resolve(request.model));
    const scheduling = this.schedulingOf(context);
    this.scheduler.assertRoom(scheduling, request.inputs.length);

    const task = taskFor(model.manifest.task);
    const prepare = (raw: RawInput, i: number) =>
      attempt(() =>
        inCallersTerms(request, i, () => {
          const input = task.parse(raw, request.options, model);
          return { raw, input, encoding: task.prepare(input, request.options, model) };
        }),
      );
    const prepared = await mapInTurns(request.inputs, prepare, turnsFor(context));
    const rows = prepared.flatMap((item) =>
      item instanceof DomainError ? [] : [item.encoding.ids],
    );
    if (request.charge !== undefined) {
      const tokens = rows.reduce((sum, ids) => sum + ids.length, 0);
      this.scheduler.assertRoom(scheduling, rows.length, tokens);
      await request.charge();
    }
    const outcomes = await this.scheduler.submit(model.scheduled, rows, scheduling);
    let next = 0;
    // Told after the last item: one that fails may fail the request, and nobody is given the rest.
    const events: PredictionEvent[] = [];
    const finish = (item: (typeof prepared)[number]) => {
      if (item instanceof DomainError) return item;
      const outcome = outcomes[next++];
      return attempt(() => {
        const { raw, input, encoding } = item;
        const result = orThrow(outcome);
        const prediction = task.finish(result.row, input, encoding, model);
        const answer = { predictionId: newId(), prediction, result };
        events.push(eventOf(model, context, answer, encoding, raw));
        return answer;
      });
    };
    const items = await mapInTurns(prepared, finish, turnsFor(context));
    for (const event of events) this.observers.notify(event);
    return { model: model.manifest, items };
  }

  private schedulingOf(context: RequestContext): SubmitContext {
    const { tenantId, tier, priority, deadline, signal } = context;
    const weight = this.tenantWeight(tenantId, tier);
    return { tenantId, weight, priority, deadline, signal };
  }
}

/** Runs a step of one input and puts its errors in the terms of the request. */
function inCallersTerms<T>(request: InferenceRequest, index: number, step: () => T): T {
  try {
    return step();
  } catch (error) {
    const { fieldName } = request;
    if (!(error instanceof DomainError) || !fieldName) throw error;
    throw error.withFieldNames((field) => fieldName(index, field));
  }
}

/** The result of a step of one item, or the error that is the item's own. */
function orItsError<T>(step: () => T): T | DomainError {
  try {
    return step();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

function orThrow(outcome: ItemOutcome | undefined): ItemResult {
  if (outcome === undefined) throw new DomainError('INTERNAL_ERROR', 'A result went missing.');
  if (outcome instanceof DomainError) throw outcome;
  return outcome;
}

function eventOf(
  { manifest }: ServedModel,
  context: RequestContext,
  { predictionId, prediction, result }: ItemPrediction,
  encoding: Encoding,
  raw: RawInput,
): PredictionEvent {
  return {
    predictionId,
    tenantId: context.tenantId,
    principalId: context.principalId,
    requestId: context.requestId,
    model: manifest.name,
    version: manifest.version,
    task: manifest.task,
    label: 'label' in prediction ? prediction.label : undefined,
    score: 'score' in prediction ? prediction.score : undefined,
    tokens: encoding.ids.length,
    unknownShare: encoding.unknown / encoding.ids.length,
    queueMs: result.queueMs,
    runMs: result.runMs,
    batchSize: result.batchSize,
    batchTokens: result.batchTokens,
    paddingWaste: result.paddingWaste,
    text: () => raw.text,
  };
}
