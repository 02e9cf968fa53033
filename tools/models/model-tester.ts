import { DomainError, SetupError } from '@app/common';
import {
  LaneRuntime,
  ModelPool,
  taskFor,
  type Lane,
  type Prediction,
  type RawInput,
  type ServedModel,
} from '@app/inference';
import { modelKey, type CatalogEntry } from '@app/model-registry';

/** Two lengths, so that the shorter one is padded when they run together. */
const SHORT_TEXT: RawInput = { text: 'The patient denies any chest pain.' };
const LONG_TEXT: RawInput = {
  text: 'Possible pneumonia in the left lower lobe, with a small pleural effusion and fever.',
};
/** For assertion models, whose entity marker must work. */
const ENTITY = 'chest pain';

/** Differences that padding may cause by rounding alone, against values of about 1. */
const ROUNDING = { fp32: 1e-3, fp16: 5e-2, int8: Infinity };

export interface TesterOptions {
  /** The operator's limit in tokens. */
  readonly maxSequenceLength: number;
  /** What a lane sees of the environment. */
  readonly laneEnvironment: Readonly<Record<string, string>>;
}

/** A model that has passed the test, open for more. */
export interface TestedModel {
  readonly served: ServedModel;
  /** What it said about a sentence of ours, in short. */
  readonly example: string;
  predict(input: RawInput): Promise<Prediction>;
}

/** Runs models the way the service does: tokenizer, lane, task. */
export class ModelTester {
  private readonly pool: ModelPool;

  private constructor(
    private readonly runtime: LaneRuntime,
    private readonly lane: Lane,
    maxSequenceLength: number,
  ) {
    this.pool = new ModelPool(runtime, maxSequenceLength);
  }

  static async start({ maxSequenceLength, laneEnvironment }: TesterOptions): Promise<ModelTester> {
    const runtime = new LaneRuntime({ lanes: 1, environment: laneEnvironment });
    await runtime.start();
    const [lane] = runtime.lanes;
    if (lane === undefined) throw new SetupError('no lane could be started');
    return new ModelTester(runtime, lane, maxSequenceLength);
  }

  close(): Promise<void> {
    return this.runtime.close();
  }

  /**
   * Opens the model and holds its numbers against its manifest.
   * @throws SetupError saying what does not fit
   */
  async test(entry: CatalogEntry): Promise<TestedModel> {
    const key = modelKey(entry.manifest);
    try {
      const served = await this.pool.load(entry);
      requireVocabulary(served);
      await this.runAtLimits(served);
      await this.requireIndependentRows(served);
      const predict = (input: RawInput): Promise<Prediction> => this.predict(served, input);
      const marked = entry.manifest.task === 'assertion' ? { entity: ENTITY } : {};
      const example = describe(await predict({ ...SHORT_TEXT, ...marked }));
      return { served, example, predict };
    } catch (error) {
      await this.pool.unload(key);
      throw asSetupError(`${key} does not work`, error);
    }
  }

  async release(model: TestedModel): Promise<void> {
    await this.pool.unload(model.served.scheduled.key);
  }

  private async predict(served: ServedModel, raw: RawInput): Promise<Prediction> {
    const { manifest } = served;
    const task = taskFor(manifest.task);
    const input = task.parse(raw, {}, served);
    const encoding = task.prepare(input, { truncate: true }, served);
    const [row = new Float32Array()] = await this.run(served, [encoding.ids]);
    requireClasses(served, row, encoding.ids.length);
    return task.finish(row, input, encoding, served);
  }

  /** The longest sequence and the highest id a caller can cause must work too. */
  private async runAtLimits(served: ServedModel): Promise<void> {
    const { vocabSize } = served.manifest;
    await this.run(served, [Int32Array.of(0, vocabSize - 1)]).catch((error: unknown) => {
      throw asSetupError(
        `it fails at the token id ${vocabSize - 1}: vocabSize must be the rows of its embedding table`,
        error,
      );
    });
    await this.run(served, [new Int32Array(served.maxTokens)]).catch((error: unknown) => {
      throw asSetupError(
        `it fails at ${served.maxTokens} tokens: lower max_position_embeddings or model_max_length to what it takes`,
        error,
      );
    });
  }

  private async requireIndependentRows(served: ServedModel): Promise<void> {
    const task = taskFor(served.manifest.task);
    const [short, long] = [SHORT_TEXT, LONG_TEXT].map(
      (raw) => task.prepare(task.parse(raw, {}, served), { truncate: true }, served).ids,
    );
    if (short === undefined || long === undefined || short.length === long.length) return;
    const [alone] = await this.run(served, [short]);
    const [together] = await this.run(served, [short, long]).catch((error: unknown) => {
      throw asSetupError(
        'it fails with two texts in a batch: export it with open batch and sequence axes',
        error,
      );
    });
    const allowed = ROUNDING[served.manifest.precision];
    const differs = alone?.some((value, i) => {
      const difference = Math.abs(value - (together?.[i] ?? NaN));
      return !(difference <= allowed * Math.max(1, Math.abs(value)));
    });
    if (differs !== true) return;
    throw new SetupError(
      'a text gets another answer when a longer one shares its batch: the graph does not heed ' +
        'its attention mask; export it again with attention_mask as an input',
    );
  }

  private async run(
    served: ServedModel,
    ids: readonly Int32Array[],
  ): Promise<readonly Float32Array[]> {
    const lengths = ids.map(({ length }) => length);
    return (await this.lane.run(served.scheduled.key, { lengths, ids })).rows;
  }
}

function requireVocabulary({ tokenizer, manifest }: ServedModel): void {
  if (tokenizer.vocabSize <= manifest.vocabSize) return;
  throw new SetupError(
    `the tokenizer has ids up to ${tokenizer.vocabSize - 1} but vocabSize is ${manifest.vocabSize}: ` +
      'the files belong to different models',
  );
}

function requireClasses({ manifest }: ServedModel, row: Float32Array, tokens: number): void {
  if (manifest.task === 'embedding') return;
  const classes = manifest.task === 'token-classification' ? row.length / tokens : row.length;
  if (classes === manifest.labels.length) return;
  throw new SetupError(
    `the graph answers ${classes} classes, but there are ${manifest.labels.length} labels ` +
      `(${manifest.labels.join(', ')}): id2label in config.json must name every class`,
  );
}

function describe(prediction: Prediction): string {
  if ('embedding' in prediction) return `${prediction.dimensions} dimensions`;
  if ('spans' in prediction) return `${prediction.spans.length} spans`;
  return `${prediction.label} ${prediction.score.toFixed(3)}`;
}

/** Nothing here is a defect of this program: the operator's model is at fault. */
function asSetupError(what: string, error: unknown): SetupError {
  if (!(error instanceof Error)) throw error;
  const programming = error instanceof TypeError || error instanceof ReferenceError;
  if (programming && !(error instanceof DomainError)) throw error;
  return new SetupError(`${what}: ${error.message}`, { cause: error });
}
