import { arrivalOrder, lengthSorted, singles, type Batch } from './batching.js';
import type { BenchModel } from './bench-model.js';
import { Worker } from './calls.js';
import type { RawCall, RawReply } from './raw-worker.js';
import { shuffled } from './shuffle.js';
import { quantiles } from './stats.js';

/** Padded tokens a batch; the least is a batch of one. */
const BUDGETS = [64, 128, 256, 512];
/** The better of the two stands for padding in the order of arrival. */
const ARRIVAL_SIZES = [32, 64];

export interface Layout {
  readonly processes: number;
  readonly threads: number;
}
const LAYOUTS: readonly Layout[] = [
  { processes: 1, threads: 2 },
  { processes: 2, threads: 1 },
];

/** One way to use two cores, which `RawRunner.rate` can measure. */
export interface Strategy {
  readonly name: string;
  readonly layout: Layout;
  readonly batches: readonly Batch[];
}

/** ONNX Runtime in bare processes, on ids made beforehand. */
export class RawRunner {
  private constructor(
    private readonly model: BenchModel,
    private readonly groups: ReadonlyMap<Layout, readonly Worker<RawCall, RawReply>[]>,
  ) {}

  static async open(model: BenchModel): Promise<RawRunner> {
    const groups = new Map(
      LAYOUTS.map((layout) => [
        layout,
        Array.from({ length: layout.processes }, () =>
          Worker.start<RawCall, RawReply>('raw-worker'),
        ),
      ]),
    );
    for (const [{ threads }, workers] of groups) {
      const { path, inputs, sequences } = model;
      await Promise.all(
        workers.map((worker) => worker.call({ kind: 'open', path, inputs, threads, sequences })),
      );
    }
    return new RawRunner(model, groups);
  }

  /** Every strategy among which the limit is sought. */
  strategies(): Strategy[] {
    const { lengths } = this.model;
    const cuts = [
      { cut: 'batch 1', batches: singles(lengths.length) },
      ...BUDGETS.map((budget) => ({
        cut: `sorted ${budget} tokens`,
        batches: lengthSorted(lengths, budget),
      })),
    ];
    return LAYOUTS.flatMap((layout) =>
      cuts.map(({ cut, batches }) => ({ name: `${named(layout)}, ${cut}`, layout, batches })),
    );
  }

  /** Padding in the order of arrival, on the same processes. */
  arrivalStrategies(): Strategy[] {
    return LAYOUTS.filter((layout) => layout.processes > 1).flatMap((layout) =>
      ARRIVAL_SIZES.map((size) => ({
        name: `${named(layout)}, ${size} in order of arrival`,
        layout,
        batches: arrivalOrder(this.model.lengths.length, size),
      })),
    );
  }

  /** Sentences a second, all processes together; see BenchModel.sentencesPerSecond. */
  async rate(strategy: Strategy, seconds: number): Promise<number> {
    const workers = this.groups.get(strategy.layout) ?? [];
    // In a random order, so that any part of the list is like the whole.
    const batches = shuffled(strategy.batches, 1);
    const replies = await Promise.all(
      workers.map((worker, w) =>
        worker.call({
          kind: 'throughput',
          batches: batches.filter((_, i) => i % workers.length === w),
          seconds,
        }),
      ),
    );
    return replies.reduce(
      (sum, reply) => sum + this.model.sentencesPerSecond(reply.tokens, reply.seconds),
      0,
    );
  }

  /** Median time of one sentence alone on one thread, milliseconds, over the first `count` texts. */
  async medianLatency(count: number): Promise<number> {
    for (const [{ threads }, [worker]] of this.groups) {
      if (threads !== 1 || !worker) continue;
      const batches = singles(Math.min(count, this.model.lengths.length));
      return quantiles((await worker.call({ kind: 'latency', batches })).latencies).p50;
    }
    throw new Error('no process runs on one thread');
  }

  stop(): void {
    for (const worker of [...this.groups.values()].flat()) worker.stop();
  }
}

function named({ processes, threads }: Layout): string {
  return `${processes} process${processes > 1 ? 'es' : ''} × ${threads} thread${threads > 1 ? 's' : ''}`;
}
