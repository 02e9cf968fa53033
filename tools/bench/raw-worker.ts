import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Batch } from './batching.js';
import { answerCalls } from './calls.js';

export interface OpenCall {
  readonly kind: 'open';
  readonly path: string;
  readonly inputs: { readonly ids: string; readonly mask?: string; readonly types?: string };
  readonly threads: number;
  readonly sequences: readonly (readonly number[])[];
}
/** Runs the batches again and again for `seconds`. */
export interface ThroughputCall {
  readonly kind: 'throughput';
  readonly batches: readonly Batch[];
  readonly seconds: number;
}
/** Runs each batch once. */
export interface LatencyCall {
  readonly kind: 'latency';
  readonly batches: readonly Batch[];
}
export type RawCall = OpenCall | ThroughputCall | LatencyCall;

export interface RawReply {
  /** Sequences and real tokens, padding left out. */
  readonly sequences: number;
  readonly tokens: number;
  readonly seconds: number;
  /** Of each run, milliseconds. */
  readonly latencies: readonly number[];
}

interface Prepared {
  readonly feeds: Record<string, Tensor>;
  readonly sequences: number;
  readonly tokens: number;
}

/** Of the time that is measured. */
const WARM_SHARE = 0.25;

let opened: { readonly session: InferenceSession; readonly call: OpenCall } | undefined;

answerCalls(async (call: RawCall): Promise<RawReply> => {
  switch (call.kind) {
    case 'open':
      opened = { session: await open(call), call };
      return { sequences: 0, tokens: 0, seconds: 0, latencies: [] };
    case 'throughput':
      return measure(call.batches, call.seconds);
    case 'latency':
      return measure(call.batches, null);
  }
});

function open(call: OpenCall): Promise<InferenceSession> {
  return InferenceSession.create(call.path, {
    intraOpNumThreads: call.threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // A pattern is planned for every shape that comes, and batches have any.
    enableMemPattern: false,
    // Two threads that spin on a machine of two cores take each other's time.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });
}

/** Tensors are made before the clock starts: what remains is the runtime alone. */
async function measure(batches: readonly Batch[], seconds: number | null): Promise<RawReply> {
  if (!opened) throw new Error('no model is open');
  const { session, call } = opened;
  const prepared = batches.map((batch) => prepare(batch, call));
  await warmUp(session, prepared, seconds ?? 0);

  const latencies: number[] = [];
  let sequences = 0;
  let tokens = 0;
  const start = performance.now();
  let now = start;
  do {
    for (const batch of prepared) {
      await session.run(batch.feeds);
      sequences += batch.sequences;
      tokens += batch.tokens;
      const before = now;
      now = performance.now();
      latencies.push(now - before);
      if (seconds !== null && now - start >= seconds * 1000) break;
    }
  } while (seconds !== null && now - start < seconds * 1000);
  return { sequences, tokens, seconds: (now - start) / 1000, latencies };
}

/** As long a start as the server is given: caches, buffers and the processor's clock settle. */
async function warmUp(
  session: InferenceSession,
  prepared: readonly Prepared[],
  seconds: number,
): Promise<void> {
  const until = performance.now() + seconds * WARM_SHARE * 1000;
  for (const { feeds } of prepared) {
    await session.run(feeds);
    if (performance.now() >= until) return;
  }
}

function prepare(batch: Batch, call: OpenCall): Prepared {
  const rows = batch.map((i) => call.sequences[i] ?? []);
  const length = Math.max(...rows.map((row) => row.length));
  const ids = new BigInt64Array(rows.length * length);
  const mask = new BigInt64Array(rows.length * length);
  rows.forEach((row, r) => {
    ids.set(row.map(BigInt), r * length);
    mask.fill(1n, r * length, r * length + row.length);
  });

  const shape = [rows.length, length];
  const feeds: Record<string, Tensor> = { [call.inputs.ids]: new Tensor('int64', ids, shape) };
  if (call.inputs.mask !== undefined) {
    feeds[call.inputs.mask] = new Tensor('int64', mask, shape);
  }
  if (call.inputs.types !== undefined) {
    feeds[call.inputs.types] = new Tensor('int64', new BigInt64Array(ids.length), shape);
  }
  return {
    feeds,
    sequences: rows.length,
    tokens: rows.reduce((sum, row) => sum + row.length, 0),
  };
}
