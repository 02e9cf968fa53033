import { access } from 'node:fs/promises';
import { Tensor, type InferenceSession } from 'onnxruntime-node';
import { allocateResult, type RunFrame } from './frames.js';
import type { SessionSettings } from './lane-messages.js';
import { padBatch } from './pad-batch.js';
import { openSession, type OpenSession } from './open-session.js';
import { reducedShape, reduceOutput } from './reduce-output.js';
import { RunFailedError, type LoadedModel, type ModelSpec } from './runtime.js';

/** A model open in this process. */
export class LaneModel {
  private constructor(
    private readonly spec: ModelSpec,
    private readonly open: OpenSession,
  ) {}

  /**
   * Opens the model and tries it once, so that one which cannot work is refused now.
   * @throws Error saying what is wrong with the file, its inputs, its output or the providers
   */
  static async open(spec: ModelSpec, settings: SessionSettings): Promise<LaneModel> {
    try {
      await access(spec.path);
    } catch {
      throw new Error(`the model file ${spec.path} cannot be read`);
    }
    const tryOut = async (session: InferenceSession): Promise<void> => {
      checkSignature(session, spec);
      const ids = new Int32Array(Math.min(2, spec.maxTokens));
      await runOnce(session, spec, { batch: 0, model: 0, lengths: Int32Array.of(ids.length), ids });
    };
    return new LaneModel(spec, await openSession(spec.path, spec.providers, settings, tryOut));
  }

  get loaded(): LoadedModel {
    return { provider: this.open.provider, skipped: this.open.skipped };
  }

  /**
   * @returns the result's frame
   * @throws RunFailedError, or what onnxruntime throws
   */
  run(frame: RunFrame): Promise<Buffer> {
    return runOnce(this.open.session, this.spec, frame);
  }

  release(): Promise<void> {
    return this.open.session.release();
  }
}

async function runOnce(
  session: InferenceSession,
  spec: ModelSpec,
  { batch, lengths, ids }: RunFrame,
): Promise<Buffer> {
  const padded = padBatch(lengths, ids, spec);
  const dims = [padded.items, padded.width];
  const feeds: Record<string, Tensor> = {
    [spec.inputs.ids]: new Tensor('int64', padded.ids, dims),
  };
  if (spec.inputs.mask !== undefined) {
    feeds[spec.inputs.mask] = new Tensor('int64', padded.mask, dims);
  }
  if (spec.inputs.types !== undefined) {
    const zeros = new BigInt64Array(padded.items * padded.width);
    feeds[spec.inputs.types] = new Tensor('int64', zeros, dims);
  }

  const startedAt = performance.now();
  const output = (await session.run(feeds, [spec.output]))[spec.output];
  const runMicros = Math.round((performance.now() - startedAt) * 1000);

  if (output === undefined || !(output.data instanceof Float32Array)) {
    throw new RunFailedError(`the model's output ${spec.output} is not float32`);
  }
  const shape = reducedShape(spec.reduce, output.dims, lengths, padded.width);
  const { frame, values } = allocateResult(batch, runMicros, shape.width, shape.count);
  reduceOutput(
    spec.reduce,
    { dims: output.dims, data: output.data },
    lengths,
    padded.width,
    values,
  );
  return frame;
}

function checkSignature(session: InferenceSession, spec: ModelSpec): void {
  const { ids, mask, types } = spec.inputs;
  const given = [ids, mask, types].filter((name) => name !== undefined);
  for (const input of session.inputMetadata) {
    if (!given.includes(input.name)) {
      throw new Error(`the model wants an input ${input.name}, which its manifest does not name`);
    }
    if (!input.isTensor || input.type !== 'int64') {
      throw new Error(`the model's input ${input.name} is not int64: export it with int64 inputs`);
    }
  }
  for (const name of given) {
    if (!session.inputNames.includes(name)) {
      throw new Error(`the model has no input ${name}: it has ${session.inputNames.join(', ')}`);
    }
  }
  const output = session.outputMetadata.find(({ name }) => name === spec.output);
  if (output === undefined) {
    throw new Error(
      `the model has no output ${spec.output}: it has ${session.outputNames.join(', ')}`,
    );
  }
  if (!output.isTensor || output.type !== 'float32') {
    throw new Error(`the model's output ${spec.output} is not float32: export it with that output`);
  }
}
