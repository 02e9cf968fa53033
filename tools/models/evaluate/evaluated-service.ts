import { DomainError, SetupError, type Priority, type RequestContext } from '@app/common';
import {
  InferenceEngine,
  InferenceModule,
  InferenceService,
  LaneRuntime,
  ModelPool,
  type ItemPrediction,
  type RawInput,
  type ServedModel,
} from '@app/inference';
import {
  modelKey,
  ModelRegistry,
  ModelRegistryModule,
  verifyFiles,
  type CatalogEntry,
} from '@app/model-registry';
import { Module, type INestApplicationContext } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import type { TesterOptions } from '../model-tester.js';

/** Inputs of one request: enough for full batches, few enough that one failure is soon known. */
const CHUNK = 256;
const PATIENCE_MS = 600_000;

@Module({})
class EvaluationModule {}

/** The service's own way to predictions, without HTTP, on one lane of one thread. */
export class EvaluatedService {
  private constructor(
    private readonly app: INestApplicationContext,
    private readonly inference: InferenceService,
    readonly model: ServedModel,
  ) {}

  /** @throws SetupError when the model's files are not what its manifest says, or it does not run */
  static async start(entry: CatalogEntry, options: TesterOptions): Promise<EvaluatedService> {
    await verifyFiles(entry.folder, entry.manifest);
    const runtime = new LaneRuntime({ lanes: 1, environment: options.laneEnvironment });
    const imports = [
      ModelRegistryModule.forRoot(new ModelRegistry([entry])),
      InferenceModule.forRoot({
        runtime,
        maxSequenceLength: options.maxSequenceLength,
        predictionObservers: [],
        onObserverError: () => undefined,
        schedulerObserver: {},
      }),
    ];
    const app = await NestFactory.createApplicationContext(
      { module: EvaluationModule, imports },
      { logger: false, abortOnError: false },
    );
    try {
      await app.get(InferenceEngine).start();
    } catch (error) {
      await runtime.close();
      throw new SetupError(
        `${modelKey(entry.manifest)} does not run: ${(error as Error).message}`,
        {
          cause: error,
        },
      );
    }
    const model = app.get(ModelPool).get(entry.manifest);
    return new EvaluatedService(app, app.get(InferenceService), model);
  }

  async close(): Promise<void> {
    await this.app.get(InferenceEngine).close(PATIENCE_MS);
    await this.app.close();
  }

  /**
   * Answers in the order of the inputs; a text over the model's limit is cut as the service
   * cuts it.
   * @throws SetupError naming the place of an input the service refuses
   */
  async predictAll(
    inputs: readonly (RawInput & { readonly place: string })[],
  ): Promise<ItemPrediction[]> {
    const items: ItemPrediction[] = [];
    for (let at = 0; at < inputs.length; at += CHUNK) {
      items.push(...(await this.predict(inputs.slice(at, at + CHUNK), 'bulk')));
    }
    return items;
  }

  /** One request. */
  async predict(
    inputs: readonly (RawInput & { readonly place: string })[],
    priority: Priority,
  ): Promise<readonly ItemPrediction[]> {
    const { name, version } = this.model.manifest;
    try {
      const answer = await this.inference.predict(
        {
          model: { name, version },
          inputs,
          options: { truncate: true },
          fieldName: (i, field) => `${inputs[i]?.place ?? ''} ${field}`,
        },
        contextOf(priority),
      );
      return answer.items;
    } catch (error) {
      if (!(error instanceof DomainError)) throw error;
      const [field] = error.fields ?? [];
      throw new SetupError(field ? `${field.field}: ${field.message}` : error.message, {
        cause: error,
      });
    }
  }
}

function contextOf(priority: Priority): RequestContext {
  return {
    tenantId: 'default',
    principalId: 'evaluation',
    tier: 'enterprise',
    permissions: new Set(),
    requestId: 'req-models-evaluation',
    priority,
    deadline: performance.now() + PATIENCE_MS,
    signal: new AbortController().signal,
  };
}
