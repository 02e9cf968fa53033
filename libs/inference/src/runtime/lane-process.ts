/**
 * The process of one lane. It computes and does nothing else: it speaks frames
 * over the pipe its supervisor opened as descriptor 3, one answer to each, in
 * order, and ends when that pipe does, so that none outlives its supervisor.
 */
import { Socket } from 'node:net';
import { getPriority, setPriority } from 'node:os';
import { env } from 'onnxruntime-node';
import {
  BrokenFrameError,
  decodeControl,
  decodeRun,
  encodeControl,
  FRAME_KIND,
  FrameReader,
} from './frames.js';
import type { LaneReply, LaneRequest } from './lane-messages.js';
import { LaneModel } from './lane-model.js';
import { probeProvider } from './probe-session.js';
import { reasonOf } from './open-session.js';

const PIPE = 3;
/** Below the HTTP process: answering comes before computing when cores are short. */
const NICER_BY = 10;
const NICEST = 19;

// Ctrl-C and service managers signal the whole group; the supervisor still wants what it waits for.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
setPriority(Math.min(NICEST, getPriority() + NICER_BY));
env.logLevel = 'error';

const models = new Map<number, LaneModel>();
const waiting: { readonly kind: number; readonly body: Buffer }[] = [];
let busy = false;

const pipe = new Socket({ fd: PIPE, readable: true, writable: true });
const reader = new FrameReader((kind, body) => waiting.push({ kind, body }));
pipe.on('data', (chunk: Buffer) => {
  reader.push(chunk);
  if (!busy) void work();
});
// A pipe that breaks may report either without the other.
pipe.on('error', end);
pipe.on('close', end);
pipe.write(encodeControl({ type: 'ready' } satisfies LaneReply));

/** At once: the teardown of native libraries can hang or abort, and there is nothing to save. */
function end(): void {
  process.kill(process.pid, 'SIGKILL');
}

async function work(): Promise<void> {
  busy = true;
  for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
    pipe.write(await answer(next.kind, next.body));
  }
  busy = false;
}

async function answer(kind: number, body: Buffer): Promise<Buffer> {
  if (kind === FRAME_KIND.run) return run(body);
  if (kind === FRAME_KIND.control) return encodeControl(await obey(decodeControl(body)));
  throw new BrokenFrameError(`kind ${kind}`);
}

async function run(body: Buffer): Promise<Buffer> {
  const frame = decodeRun(body);
  try {
    const model = models.get(frame.model);
    if (model === undefined) throw new Error('the model is not loaded in this lane');
    return await model.run(frame);
  } catch (error) {
    return encodeControl({
      type: 'failed',
      batch: frame.batch,
      message: reasonOf(error),
    } satisfies LaneReply);
  }
}

async function obey(message: unknown): Promise<LaneReply> {
  // Both ends are built from the same source.
  const request = message as LaneRequest;
  try {
    switch (request.type) {
      case 'load': {
        const model = await LaneModel.open(request.spec, request.settings);
        models.set(request.model, model);
        return { type: 'loaded', loaded: model.loaded };
      }
      case 'unload': {
        const model = models.get(request.model);
        models.delete(request.model);
        await model?.release();
        return { type: 'unloaded' };
      }
      case 'probe':
        return { type: 'probed', ...(await probeProvider(request.provider, request.settings)) };
    }
  } catch (error) {
    return { type: 'refused', message: reasonOf(error) };
  }
}
