import { Inject, Injectable } from '@nestjs/common';
import { DomainError, type RequestContext } from '@app/common';
import { InferenceService, type ItemPrediction, type PredictOptions } from '@app/inference';
import { API_OPTIONS, type ApiOptions } from '../../api-options.js';
import type {
  PredictBatchRequest,
  PredictBatchResponse,
  PredictionSettings,
  PredictRequest,
  PredictResponse,
} from './predict.dto.js';
import { roundMs, systemARequestId, type PredictionReply } from './prediction-reply.js';
import { callersName, toRawInput } from './raw-inputs.js';

/** Between System A's field names and the inference library. */
@Injectable()
export class PredictionsService {
  constructor(
    private readonly inference: InferenceService,
    @Inject(API_OPTIONS) private readonly options: ApiOptions,
  ) {}

  async predict(
    body: PredictRequest,
    context: RequestContext,
    reply: PredictionReply,
  ): Promise<PredictResponse> {
    const answer = await this.inference.predict(
      {
        model: { task: 'assertion', version: reply.requestedVersion(body.model_version) },
        inputs: [toRawInput(body, '')],
        options: toOptions(body),
        fieldName: (_, field) => callersName(body, '', field),
      },
      context,
    );
    reply.announce(answer);
    const [item] = answer.items;
    if (!item) throw new DomainError('INTERNAL_ERROR', 'The prediction went missing.');
    return toResponse(item, body, answer.model.version, context, reply.elapsedMs());
  }

  async predictBatch(
    body: PredictBatchRequest,
    context: RequestContext,
    reply: PredictionReply,
  ): Promise<PredictBatchResponse> {
    const items = body.sentences;
    assertBatchSize(items.length, this.options.maxBatchSize, 'sentences');
    const answer = await this.inference.predict(
      {
        model: { task: 'assertion', version: reply.requestedVersion(body.model_version) },
        inputs: items.map((item, i) =>
          typeof item === 'string' ? { text: item } : toRawInput(item, `sentences[${i}]`),
        ),
        options: toOptions(body),
        fieldName: (i, field) => callersName(items[i] ?? '', `sentences[${i}]`, field),
        charge: () => reply.chargeItems(items.length),
      },
      context,
    );
    reply.announce(answer);
    return {
      predictions: answer.items.map((item) => {
        const ms = roundMs(item.result.queueMs + item.result.runMs);
        return toResponse(item, body, answer.model.version, context, ms);
      }),
      batch_size: items.length,
      total_prediction_time_ms: reply.elapsedMs(),
      request_id: systemARequestId(context.requestId),
    };
  }
}

/** @throws DomainError BATCH_TOO_LARGE naming the limit */
export function assertBatchSize(count: number, limit: number, field: string): void {
  if (count <= limit) return;
  const message = `${field} holds ${count} items; at most ${limit} are allowed. Send them in several requests.`;
  throw new DomainError('BATCH_TOO_LARGE', message, {
    fields: [{ field, code: 'too_many', message }],
  });
}

export function toOptions(settings: PredictionSettings): PredictOptions {
  return { truncate: settings.truncate, offsetUnit: settings.offset_unit };
}

function toResponse(
  { prediction, predictionId }: ItemPrediction,
  settings: PredictionSettings,
  modelVersion: string,
  context: RequestContext,
  ms: number,
): PredictResponse {
  if (!('modelLabel' in prediction)) {
    throw new DomainError('INTERNAL_ERROR', 'The assertion model answered no label.');
  }
  const response: PredictResponse = {
    label: prediction.label,
    score: prediction.score,
    model_label: prediction.modelLabel,
    prediction_time_ms: ms,
    request_id: systemARequestId(context.requestId),
    model_version: modelVersion,
    prediction_id: predictionId,
  };
  if (settings.return_probabilities === true) response.probabilities = prediction.probabilities;
  if (prediction.warnings.length > 0) response.warnings = [...prediction.warnings];
  return response;
}
