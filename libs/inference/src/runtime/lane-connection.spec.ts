import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as after } from 'node:timers/promises';
import { encodeControl } from './frames.js';
import { LaneConnection } from './lane-connection.js';
import { laneOptions } from './lane-options.js';

const ITEM = [new Int32Array([7])];
const READY = encodeControl({ type: 'ready' }).toString('hex');
/** Says that it is ready and answers no batch. A child of its own keeps its output open after it. */
const PROGRAM = `
  import { spawn } from 'node:child_process';
  import { Socket } from 'node:net';
  const linger = 'setTimeout(() => undefined, 400)';
  spawn(process.execPath, ['-e', linger], { stdio: ['ignore', 'inherit', 'ignore'] });
  const pipe = new Socket({ fd: 3, readable: true, writable: true });
  pipe.resume();
  pipe.on('close', () => process.exit());
  pipe.write(Buffer.from('${READY}', 'hex'));`;

describe('a lane whose process has just died', () => {
  let folder: string;
  let connection: LaneConnection;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'lane-connection-'));
    await writeFile(join(folder, 'program.mjs'), PROGRAM);
  });
  afterAll(() => rm(folder, { recursive: true }));
  beforeEach(async () => {
    connection = new LaneConnection(0, laneOptions({ entry: join(folder, 'program.mjs') }));
    await connection.started;
  });
  afterEach(() => connection.close());

  const kill = () => process.kill(connection.pid ?? NaN, 'SIGKILL');
  const run = () => connection.run(1, { kind: 'row' }, ITEM);

  it('takes nothing more, though its output is still open', async () => {
    kill();
    await after(200);
    expect(connection.usable).toBe(false);
    await expect(run()).rejects.toMatchObject({ wasRunning: false });
  });

  it('does not blame a batch that it was given before anyone could know, and never received', async () => {
    kill();
    // Nothing of the death is heard while the event loop stands still.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    await expect(run()).rejects.toMatchObject({ wasRunning: false });
  });

  it('blames a batch that it had received', async () => {
    const running = run();
    await after(50);
    kill();
    await expect(running).rejects.toMatchObject({ wasRunning: true });
  });
});

describe('a lane whose process says what nobody understands', () => {
  it('ends, however much of it is left unread', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lane-connection-'));
    const entry = join(folder, 'program.mjs');
    await writeFile(
      entry,
      `
  import { writeSync } from 'node:fs';
  // Each of its words is a length that no frame has.
  const garbage = Buffer.alloc(1024 * 1024, 0xff);
  for (;;) {
    try {
      writeSync(3, garbage);
    } catch (error) {
      if (error.code !== 'EAGAIN') throw error;
    }
  }`,
    );
    const connection = new LaneConnection(0, laneOptions({ entry }));
    const started = expect(connection.started).rejects.toThrow('broken frame');
    const timer = new AbortController();
    const late = after(5_000, 'it is still there', { signal: timer.signal });
    expect(await Promise.race([connection.ended, late])).toContain('broken frame');
    timer.abort();
    await started;
    await connection.close();
    await rm(folder, { recursive: true });
  });
});
