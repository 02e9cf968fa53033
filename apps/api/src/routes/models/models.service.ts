import { Inject, Injectable } from '@nestjs/common';
import type { RequestContext } from '@app/common';
import { InferenceService, ModelPool, predictionJson } from '@app/inference';
import {
  modelKey,
  ModelRegistry,
  type ModelManifest,
  type ModelSelector,
} from '@app/model-registry';
import { API_OPTIONS, type ApiOptions } from '../../api-options.js';
import type { PredictionReply } from '../predictions/prediction-reply.js';
import { assertBatchSize, toOptions } from '../predictions/predictions.service.js';
import { callersName, toRawInput } from '../predictions/raw-inputs.js';
import type {
  ModelInfo,
  ModelList,
  ModelPredictRequest,
  ModelPredictResponse,
  ModelVersionInfo,
} from './models.dto.js';

/** Between the model routes' field names and the libraries. */
@Injectable()
export class ModelsService {
  constructor(
    private readonly registry: ModelRegistry,
    private readonly pool: ModelPool,
    private readonly inference: InferenceService,
    @Inject(API_OPTIONS) private readonly options: ApiOptions,
  ) {}

  list(): ModelList {
    return { object: 'list', data: this.registry.names().map((name) => this.get(name)) };
  }

  /** @throws DomainError MODEL_NOT_FOUND */
  get(name: string): ModelInfo {
    const versions = this.registry.versions(name);
    const current = this.registry.resolve({ name });
    return {
      id: name,
      object: 'model',
      name,
      default_version: current.version,
      task: current.task,
      versions: versions.map((manifest) => this.describe(manifest)),
    };
  }

  async predict(
    model: ModelSelector,
    body: ModelPredictRequest,
    context: RequestContext,
    reply: PredictionReply,
  ): Promise<ModelPredictResponse> {
    assertBatchSize(body.inputs.length, this.options.maxBatchSize, 'inputs');
    const answer = await this.inference.predict(
      {
        model,
        inputs: body.inputs.map((input, i) => toRawInput(input, `inputs[${i}]`)),
        options: toOptions(body.options ?? {}),
        fieldName: (i, field) => callersName(body.inputs[i] ?? {}, `inputs[${i}]`, field),
        charge: () => reply.chargeItems(body.inputs.length),
      },
      context,
    );
    reply.announce(answer);
    const withProbabilities = body.options?.return_probabilities === true;
    return {
      predictions: answer.items.map((item) => predictionJson(item, withProbabilities)),
      model: answer.model.name,
      model_version: answer.model.version,
      processing_time_ms: reply.elapsedMs(),
      warnings: answer.items.flatMap(({ prediction }, i) =>
        prediction.warnings.map((warning) => `inputs[${i}]: ${warning}`),
      ),
      request_id: context.requestId,
    };
  }

  private describe(manifest: ModelManifest): ModelVersionInfo {
    const served = this.pool.list().find((m) => m.scheduled.key === modelKey(manifest));
    return {
      version: manifest.version,
      status: manifest.status,
      loaded: served !== undefined,
      device: served?.loaded.provider ?? null,
      task: manifest.task,
      labels: [...manifest.labels],
      max_tokens: served?.maxTokens ?? manifest.maxTokens,
      precision: manifest.precision,
      description: manifest.description,
    };
  }
}
