import {
  LaneDiedError,
  RunFailedError,
  type ModelSpec,
  type TokenBatch,
} from '../runtime/runtime.js';
import { FakeRuntime, fakeRow, type FakeRuntimeOptions } from './fake-runtime.js';

const MODEL: ModelSpec = {
  key: 'm@1',
  path: '/m.onnx',
  inputs: { ids: 'input_ids' },
  output: 'logits',
  reduce: { kind: 'row' },
  vocabSize: 100,
  maxTokens: 16,
  providers: ['cpu'],
};

async function started(options: Partial<FakeRuntimeOptions>): Promise<FakeRuntime> {
  const runtime = new FakeRuntime(options);
  await runtime.start();
  await runtime.load(MODEL);
  return runtime;
}

function batch(...items: number[][]): TokenBatch {
  const ids = items.map((item) => Int32Array.from(item));
  return { ids, lengths: ids.map((item) => item.length) };
}

describe('FakeRuntime', () => {
  it('answers rows that tell their items apart, also by the order of ids', async () => {
    const [lane] = (await started({ width: 4 })).lanes;
    const { rows } = await lane!.run('m@1', batch([1, 2], [2, 1], [1, 2, 0]));
    expect(rows).toEqual([fakeRow([1, 2], 4), fakeRow([2, 1], 4), fakeRow([1, 2, 0], 4)]);
    expect(new Set(rows.map(String)).size).toBe(3);
    expect(rows.every((row) => row.every((value) => Math.abs(value) <= 1))).toBe(true);
  });

  it('dies on the batch it was told to, and later again only if told', async () => {
    const runtime = await started({ failures: [{ on: { batch: 2 }, what: 'die' }] });
    const [lane] = runtime.lanes;
    await lane!.run('m@1', batch([1]));
    const ready = new Promise((resolve) => runtime.onLaneReady(resolve));
    await expect(lane!.run('m@1', batch([1]))).rejects.toMatchObject({ wasRunning: true });
    await ready;
    await lane!.run('m@1', batch([1]));
    expect(runtime.batches.map(({ laneId, key }) => [laneId, key])).toEqual(
      Array(3).fill([0, 'm@1']),
    );
  });

  it('fails every batch with a poisonous item, and no other', async () => {
    const runtime = await started({ failures: [{ on: { id: 13 }, what: 'refuse' }] });
    const [lane] = runtime.lanes;
    await expect(lane!.run('m@1', batch([1], [7, 13]))).rejects.toBeInstanceOf(RunFailedError);
    await expect(lane!.run('m@1', batch([13]))).rejects.toBeInstanceOf(RunFailedError);
    expect((await lane!.run('m@1', batch([1], [7]))).rows).toHaveLength(2);
  });

  it('loses a row when told to', async () => {
    const [lane] = (await started({ failures: [{ on: { batch: 1 }, what: 'lose-row' }] })).lanes;
    expect((await lane!.run('m@1', batch([1], [2]))).rows).toHaveLength(1);
  });

  it('hangs until the lane is killed', async () => {
    const [lane] = (await started({ failures: [{ on: { batch: 1 }, what: 'hang' }] })).lanes;
    const outcomes = Promise.allSettled([
      lane!.run('m@1', batch([1])),
      lane!.run('m@1', batch([2])),
    ]);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(lane!.inFlight).toBe(2);
    lane!.die('hung');
    expect(await outcomes).toMatchObject([
      { reason: expect.any(LaneDiedError), status: 'rejected' },
      { reason: { wasRunning: false }, status: 'rejected' },
    ]);
  });

  it("takes the time it is told, on the test's clock", async () => {
    const waits: number[] = [];
    const [lane] = (
      await started({ runMs: (tokens) => tokens * 2, wait: async (ms) => void waits.push(ms) })
    ).lanes;
    expect((await lane!.run('m@1', batch([1, 2, 3], [1]))).runMs).toBe(12);
    expect(waits).toEqual([12]);
  });
});
