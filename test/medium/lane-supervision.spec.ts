import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { LaneRuntime } from '../../libs/inference/src/runtime/lane-runtime.js';
import type {
  LaneExit,
  LaneRuntimeOptions,
} from '../../libs/inference/src/runtime/lane-options.js';
import { LaneDiedError, type Lane } from '../../libs/inference/src/runtime/runtime.js';
import { LANE_ENTRY, writeRuntimeModels } from '../conformance/lane-models.js';
import { batchOf, sequence, type RuntimeModels } from '../conformance/runtime.suite.js';

const PARENT = fileURLToPath(new URL('./runtime-parent.mjs', import.meta.url));
const LANE_RUNTIME = pathToFileURL(join(LANE_ENTRY, '../lane-runtime.js')).href;
const MIB = 1024 * 1024;

describe('supervision of lanes', () => {
  let folder: string;
  let models: RuntimeModels;
  let runtime: LaneRuntime;
  let exits: LaneExit[];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lanes-'));
    models = await writeRuntimeModels(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(() => (exits = []));
  afterEach(() => runtime.close());

  function make(options: Partial<LaneRuntimeOptions> = {}): LaneRuntime {
    runtime = new LaneRuntime({
      lanes: 1,
      entry: LANE_ENTRY,
      checkIntervalMs: 25,
      onLaneExit: (exit) => exits.push(exit),
      ...options,
    });
    return runtime;
  }

  async function started(options: Partial<LaneRuntimeOptions> = {}): Promise<Lane> {
    await make(options).start();
    await runtime.load(models.row.spec);
    return runtime.lanes[0]!;
  }

  /** A lane's program made for one test, which may import the real one. */
  async function program(code: string): Promise<string> {
    const path = join(folder, `program-${Math.random()}.mjs`);
    await writeFile(path, code);
    return path;
  }

  const pid = (): number => runtime.stats().lanes[0]!.pid!;
  const nextReady = (): Promise<Lane> => new Promise((resolve) => runtime.onLaneReady(resolve));
  const large = batchOf(Array.from({ length: 64 }, () => sequence(512)));
  const small = batchOf([sequence(9), sequence(3)]);

  it('has a killed lane back within three seconds, with its models and the same results', async () => {
    const lane = await started();
    await runtime.load(models.tokens.spec);
    const before = await lane.run('tokens@1', small);
    const killedAt = performance.now();
    const ready = nextReady();
    process.kill(pid(), 'SIGKILL');
    await ready;
    expect(performance.now() - killedAt).toBeLessThan(3_000);
    expect((await lane.run('tokens@1', small)).rows).toEqual(before.rows);
    expect(runtime.stats().lanes[0]).toMatchObject({
      restarts: 1,
      lastExit: 'signal SIGKILL',
      batches: 2,
    });
    expect(exits).toEqual([{ laneId: 0, reason: 'signal SIGKILL', restartInMs: 0 }]);
  });

  it('waits longer before each restart of a lane that keeps dying', async () => {
    await started();
    for (let death = 0; death < 3; death++) {
      const ready = nextReady();
      process.kill(pid(), 'SIGKILL');
      await ready;
    }
    expect(exits.map(({ restartInMs }) => restartInMs)).toEqual([0, 250, 500]);
  });

  it('is not told to run by anyone who hears of a rejection while the lane is away', async () => {
    const lane = await started();
    const readyWhenRejected = lane.run('row@1', large).catch(() => lane.ready);
    process.kill(pid(), 'SIGKILL');
    expect(await readyWhenRejected).toBe(false);
    await expect(lane.run('row@1', small)).rejects.toMatchObject({ wasRunning: false });
  });

  it('kills a lane that hangs, blaming the batch that ran', async () => {
    const lane = await started({ minRunLimitMs: 300, firstRunLimitMs: 300 });
    process.kill(pid(), 'SIGSTOP');
    const ready = nextReady();
    const outcomes = await Promise.allSettled([lane.run('row@1', small), lane.run('row@1', small)]);
    expect(outcomes).toMatchObject([
      { reason: { wasRunning: true, message: expect.stringMatching(/longer than \d+ ms/) } },
      { reason: { wasRunning: false } },
    ]);
    await ready;
    expect((await lane.run('row@1', small)).rows).toHaveLength(2);
  });

  it('lets a batch wait behind a slow one for longer than its own limit', async () => {
    const limitMs = 250;
    const lane = await started({ minRunLimitMs: limitMs, firstRunLimitMs: limitMs });
    const outputs = await Promise.all([lane.run('row@1', large), lane.run('row@1', large)]);
    for (const { runMs } of outputs) expect(runMs).toBeGreaterThan(limitMs);
    expect(exits).toEqual([]);
  });

  it('kills a lane that hangs while it opens a model, and opens it on nobody', async () => {
    await make({ loadLimitMs: 200 }).start();
    process.kill(pid(), 'SIGSTOP');
    const ready = nextReady();
    await expect(runtime.load(models.row.spec)).rejects.toThrow(/"load" took longer than 200 ms/);
    await ready;
    expect(runtime.stats().models).toEqual({});
  });

  const onLinux = process.platform === 'linux' ? it : it.skip;

  onLinux('ends a lane that outgrows its memory', async () => {
    const lane = await started({ maxMemoryBytes: 160 * MIB, checkIntervalMs: 10 });
    await lane.run('row@1', small);
    const ready = nextReady();
    await expect(lane.run('row@1', large)).rejects.toThrow(/held \d+ MiB, the limit is 160 MiB/);
    await ready;
    await lane.run('row@1', small);
  });

  onLinux(
    'reports the memory of a lane, and computes below the priority of its owner',
    async () => {
      const lane = await started();
      await lane.run('row@1', small);
      await new Promise((resolve) => setTimeout(resolve, 100));
      expect(runtime.stats().lanes[0]!.memoryBytes).toBeGreaterThan(30 * MIB);
      const niceness = Number(
        readFileSync(`/proc/${pid()}/stat`, 'utf8').split(') ')[1]!.split(' ')[16],
      );
      expect(niceness).toBe(Math.min(19, getPriority() + 10));
    },
  );

  it('survives the signals a terminal sends to the whole group', async () => {
    const lane = await started();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(pid(), signal);
    await lane.run('row@1', small);
    expect(exits).toEqual([]);
  });

  it('gives up with what the program said when no lane can start', async () => {
    const entry = await program(`console.error('no such library: libfoo'); process.exit(3);`);
    await expect(make({ lanes: 2, entry }).start()).rejects.toThrow(
      'no lane can start: exit code 3: no such library: libfoo',
    );
    expect(runtime.stats().lanes.map(({ state }) => state)).toEqual(['closed', 'closed']);
  });

  it('gives up on a program that never answers', async () => {
    const entry = await program('setInterval(() => {}, 1000);');
    await expect(make({ entry, startLimitMs: 300 }).start()).rejects.toThrow(
      /no lane can start: .*"start" took longer than 300 ms/,
    );
  });

  it('goes on with the lanes that start, and keeps trying the others', async () => {
    const entry = await program(`
      import { mkdirSync } from 'node:fs';
      try { mkdirSync(${JSON.stringify(join(folder, 'taken'))}); } catch { process.exit(4); }
      await import(${JSON.stringify(pathToFileURL(LANE_ENTRY).href)});`);
    await make({ lanes: 2, entry }).start();
    const lane = runtime.lanes.find(({ ready }) => ready)!;
    await runtime.load(models.row.spec);
    await lane.run('row@1', small);

    const late = nextReady();
    await rm(join(folder, 'taken'), { recursive: true });
    const other = await late;
    expect(other.id).not.toBe(lane.id);
    expect((await other.run('row@1', small)).rows).toEqual((await lane.run('row@1', small)).rows);
  });

  it.each([
    ['sends what is no frame', `pipe.write(Buffer.alloc(64, 255))`, /broken frame/],
    [
      'answers what it was not asked',
      `pipe.write(frame({ type: 'unloaded' }))`,
      /without being asked/,
    ],
    ['closes its pipe but stays', `pipe.destroy(); setInterval(() => {}, 1000)`, /closed its pipe/],
  ])('kills a process that %s', async (_, misbehave, reason) => {
    const entry = await program(`
      import { Socket } from 'node:net';
      const pipe = new Socket({ fd: 3, readable: true, writable: true });
      pipe.resume();
      const frame = (message) => {
        const json = JSON.stringify(message);
        const body = json.padEnd(Math.ceil(json.length / 4) * 4);
        const head = Buffer.alloc(8);
        head.writeUInt32LE(body.length, 0);
        head.writeUInt32LE(1, 4);
        return Buffer.concat([head, Buffer.from(body)]);
      };
      pipe.write(frame({ type: 'ready' }));
      setTimeout(() => { ${misbehave} }, 100);`);
    await make({ entry }).start();
    const first = pid();
    for (let wait = 0; exits.length === 0 && wait < 100; wait++) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(exits[0]?.reason).toMatch(reason);
    expect(isAlive(first)).toBe(false);
  });

  it('leaves no process behind when it is closed, even a hung one', async () => {
    const lane = await started();
    const hung = pid();
    process.kill(hung, 'SIGSTOP');
    const running = expect(lane.run('row@1', small)).rejects.toBeInstanceOf(LaneDiedError);
    const closedAt = performance.now();
    await runtime.close();
    await running;
    expect(performance.now() - closedAt).toBeLessThan(4_000);
    expect(isAlive(hung)).toBe(false);
    expect(exits).toEqual([]);
  });

  it('ends its lanes when their owner is killed', async () => {
    const { owner, lanes } = await startOwner('stay');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    await expectGone(lanes);
  });

  it('lets its owner end by itself once it is closed', async () => {
    const { owner, lanes } = await startOwner('close');
    const [code] = (await once(owner, 'exit')) as [number | null];
    expect(code).toBe(0);
    await expectGone(lanes);
  });

  async function startOwner(what: 'stay' | 'close') {
    make();
    const owner = spawn(process.execPath, [PARENT, LANE_RUNTIME, what], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    const lanes = JSON.parse(line.toString()) as number[];
    expect(lanes).toHaveLength(2);
    return { owner, lanes };
  }
});

function isAlive(pid: number): boolean {
  // A process that has ended but was not waited for counts as gone.
  if (existsSync(`/proc/${pid}/stat`))
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function expectGone(pids: readonly number[]): Promise<void> {
  for (let wait = 0; pids.some(isAlive) && wait < 60; wait++) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  expect(pids.filter(isAlive)).toEqual([]);
}
