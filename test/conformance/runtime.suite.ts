import {
  LaneDiedError,
  RunFailedError,
  type Lane,
  type ModelSpec,
  type Runtime,
  type TokenBatch,
} from '../../libs/inference/src/runtime/runtime.js';

export interface RuntimeModel {
  readonly spec: ModelSpec;
  /** Values of a row, or of a token's row. */
  readonly width: number;
}

/** One model for each reduction; `mean` is normalised. All take ids below 200 and 512 tokens. */
export type RuntimeModels = Readonly<Record<'row' | 'tokens' | 'mean' | 'cls', RuntimeModel>>;

export interface RuntimeUnderTest {
  /** Writes what the models need; called once. */
  prepare(): Promise<RuntimeModels>;
  /** A runtime of two lanes, not started. */
  make(): Runtime;
  /** Ends one lane from outside, at once. */
  kill(runtime: Runtime, laneId: number): void;
  /** How far a value may move with the batch it is computed in: 0 is bit for bit. */
  readonly tolerance: number;
  dispose?(): Promise<void>;
}

/** What every runtime promises to the scheduler. */
export function describeRuntime(name: string, subject: RuntimeUnderTest): void {
  describe(`${name} keeps the promises of a runtime`, () => {
    let models: RuntimeModels;
    let runtime: Runtime;

    beforeAll(async () => {
      models = await subject.prepare();
    }, 60_000);
    afterAll(() => subject.dispose?.());
    beforeEach(async () => {
      runtime = subject.make();
      await runtime.start();
    }, 60_000);
    afterEach(() => runtime.close());

    const lane = (id = 0): Lane => runtime.lanes[id]!;
    const load = (model: keyof RuntimeModels): Promise<unknown> => runtime.load(models[model].spec);

    it('has all its lanes ready after the start', () => {
      expect(runtime.lanes.map(({ id, ready, inFlight }) => [id, ready, inFlight])).toEqual([
        [0, true, 0],
        [1, true, 0],
      ]);
    });

    it('says on which provider a model runs', async () => {
      const loaded = await runtime.load(models.row.spec);
      expect(loaded.provider).toBe(models.row.spec.providers[0]);
      expect(runtime.stats().models).toEqual({ [models.row.spec.key]: loaded });
    });

    it('answers one row an item, in order, alike on every lane', async () => {
      await load('row');
      const items = [sequence(5), sequence(30, 3), sequence(1, 8)];
      const first = await lane(0).run('row@1', batchOf(items));
      const second = await lane(1).run('row@1', batchOf(items));
      expect(first.rows.map((row) => row.length)).toEqual([3, 3, 3]);
      expect(first.runMs).toBeGreaterThanOrEqual(0);
      for (const [i, item] of items.entries()) {
        const alone = await lane(0).run('row@1', batchOf([item]));
        expectNear(first.rows[i]!, alone.rows[0]!, subject.tolerance);
        expectNear(second.rows[i]!, alone.rows[0]!, subject.tolerance);
      }
      expect(first.rows[0]).not.toEqual(first.rows[1]);
    });

    it.each(['tokens', 'mean', 'cls'] as const)('reduces the output by %s', async (reduction) => {
      await load(reduction);
      const lengths = [4, 1, 9];
      const { rows } = await lane().run(`${reduction}@1`, batchOf(lengths.map((n) => sequence(n))));
      const { width } = models[reduction];
      expect(rows.map((row) => row.length)).toEqual(
        lengths.map((length) => (reduction === 'tokens' ? length * width : width)),
      );
      expect(rows.every((row) => row.every(Number.isFinite))).toBe(true);
      if (reduction === 'mean') {
        for (const row of rows) expect(Math.hypot(...row)).toBeCloseTo(1, 5);
      }
    });

    it('computes an item the same whatever shares its batch', async () => {
      await load('row');
      await load('tokens');
      const item = sequence(17, 5);
      for (const key of ['row@1', 'tokens@1']) {
        const alone = await lane().run(key, batchOf([item]));
        for (const mates of [
          [sequence(17)],
          [sequence(100, 2)],
          [1, 2, 3, 16].map((n) => sequence(n, n)),
        ]) {
          const together = await lane().run(key, batchOf([...mates, item]));
          expectNear(together.rows.at(-1)!, alone.rows[0]!, subject.tolerance);
        }
      }
    });

    it('takes a second batch while one runs, and answers in order', async () => {
      await load('row');
      const settled: number[] = [];
      const runs = [0, 1, 2].map(async (n) => {
        const output = await lane().run('row@1', batchOf([sequence(20 - n, n)]));
        settled.push(n);
        return output;
      });
      expect(lane().inFlight).toBe(3);
      const outputs = await Promise.all(runs);
      expect(settled).toEqual([0, 1, 2]);
      expect(lane().inFlight).toBe(0);
      for (const [n, { rows }] of outputs.entries()) {
        const again = await lane().run('row@1', batchOf([sequence(20 - n, n)]));
        expect(rows).toEqual(again.rows);
      }
    });

    it.each<[string, TokenBatch]>([
      ['an empty batch', batchOf([])],
      ['an item without tokens', batchOf([sequence(2), new Int32Array(0)])],
      ['an item that is too long', batchOf([sequence(513)])],
      ['a negative id', batchOf([sequence(3), Int32Array.of(1, -1)])],
      ['an id past the vocabulary', batchOf([Int32Array.of(200)])],
      ['lengths that are not those of the ids', { lengths: [2], ids: [sequence(3)] }],
    ])('refuses %s and lives on', async (_, bad) => {
      await load('row');
      await expect(lane().run('row@1', bad)).rejects.toBeInstanceOf(RunFailedError);
      const { rows } = await lane().run('row@1', batchOf([sequence(3)]));
      expect(rows).toHaveLength(1);
      expect(runtime.stats().lanes[0]!.restarts).toBe(0);
    });

    it('refuses a model nobody loaded', async () => {
      await expect(lane().run('other@1', batchOf([sequence(3)]))).rejects.toThrow(
        /other@1.*not loaded/,
      );
    });

    it('refuses to load a model it cannot open, and lives on', async () => {
      const broken = { ...models.row.spec, key: 'broken@1', path: '/nowhere/model.onnx' };
      await expect(runtime.load(broken)).rejects.toThrow(/broken@1.*\/nowhere\/model.onnx/);
      await expect(lane().run('broken@1', batchOf([sequence(3)]))).rejects.toBeInstanceOf(
        RunFailedError,
      );
      await load('row');
      await lane().run('row@1', batchOf([sequence(3)]));
      expect(runtime.stats().lanes.map(({ restarts }) => restarts)).toEqual([0, 0]);
    });

    it('finishes what it has and refuses the rest after a model is unloaded', async () => {
      await load('row');
      const running = lane().run('row@1', batchOf([sequence(100)]));
      await runtime.unload('row@1');
      expect((await running).rows).toHaveLength(1);
      await expect(lane().run('row@1', batchOf([sequence(3)]))).rejects.toBeInstanceOf(
        RunFailedError,
      );
      expect(runtime.stats().models).toEqual({});
      await load('row');
      await lane().run('row@1', batchOf([sequence(3)]));
    });

    it('rejects what a lane held when it died, blames the running batch alone, and is ready again', async () => {
      await load('row');
      const before = await lane().run('row@1', batchOf([sequence(9)]));
      const ready = new Promise<Lane>((resolve) => runtime.onLaneReady(resolve));
      const running = lane().run('row@1', batchOf(Array.from({ length: 32 }, () => sequence(512))));
      const waiting = lane().run('row@1', batchOf([sequence(3)]));
      subject.kill(runtime, 0);

      const errors = await Promise.all(
        [running, waiting].map((run) => run.catch((e: unknown) => e)),
      );
      expect(errors).toEqual([expect.any(LaneDiedError), expect.any(LaneDiedError)]);
      expect(errors).toMatchObject([
        { laneId: 0, wasRunning: true },
        { laneId: 0, wasRunning: false },
      ]);

      expect((await ready).id).toBe(0);
      expect(lane().ready).toBe(true);
      expect(await lane().run('row@1', batchOf([sequence(9)]))).toMatchObject({
        rows: before.rows,
      });
      const [died, other] = runtime.stats().lanes;
      expect(died).toMatchObject({
        state: 'ready',
        restarts: 1,
        lastExit: expect.stringMatching(/kill/i),
      });
      expect(other).toMatchObject({ restarts: 0, lastExit: null });
    });

    it('counts what its lanes did', async () => {
      await load('row');
      await lane(1).run('row@1', batchOf([sequence(3)]));
      await lane(1).run('row@1', batchOf([sequence(3)]));
      expect(runtime.stats().lanes).toMatchObject([
        { id: 0, batches: 0, busyMs: 0, inFlight: 0 },
        { id: 1, batches: 2, inFlight: 0 },
      ]);
    });

    it('rejects what runs when it is closed, takes nothing more, and may be closed twice', async () => {
      await load('row');
      const running = lane().run('row@1', batchOf(Array.from({ length: 32 }, () => sequence(512))));
      const outcome = expect(running).rejects.toBeInstanceOf(LaneDiedError);
      await runtime.close();
      await outcome;
      expect(runtime.stats().lanes.map(({ state }) => state)).toEqual(['closed', 'closed']);
      await expect(lane().run('row@1', batchOf([sequence(3)]))).rejects.toBeInstanceOf(
        LaneDiedError,
      );
      await runtime.close();
    });
  });
}

/** Ids that differ with `salt`, all within the vocabulary. */
export function sequence(length: number, salt = 0): Int32Array {
  return Int32Array.from({ length }, (_, i) => 5 + ((i * 7 + salt * 31) % 190));
}

export function batchOf(ids: readonly Int32Array[]): TokenBatch {
  return { lengths: ids.map((item) => item.length), ids };
}

function expectNear(actual: Float32Array, expected: Float32Array, tolerance: number): void {
  if (tolerance === 0) {
    expect(actual).toEqual(expected);
    return;
  }
  expect(actual).toHaveLength(expected.length);
  const furthest = Math.max(...actual.map((value, i) => Math.abs(value - expected[i]!)));
  expect(furthest).toBeLessThanOrEqual(tolerance);
}
