import { spawn, type ChildProcess } from 'node:child_process';
import { Socket } from 'node:net';
import {
  decodeControl,
  decodeResult,
  encodeControl,
  encodeRun,
  FRAME_KIND,
  FrameReader,
} from './frames.js';
import type { LaneReply, LaneRequest } from './lane-messages.js';
import type { LaneRuntimeOptions } from './lane-options.js';
import { OutputTail } from './output-tail.js';
import { residentMemory } from './resident-memory.js';
import { RunLimit } from './run-limit.js';
import {
  LaneDiedError,
  RunFailedError,
  type BatchOutput,
  type OutputReduction,
} from './runtime.js';

/** A process that was asked to end is killed after this time. */
const CLOSE_GRACE_MS = 2_000;
/** A process whose pipe closed is about to say how it ended; one that does not is killed. */
const PIPE_GRACE_MS = 1_000;
const PIPE = 3;
const MIB = 1024 * 1024;
const OUT_OF_STEP = 'it answered another batch than the one that was due';

/** Something the process has been asked and has not answered. */
interface Pending {
  /** When it became the oldest, and so the one being worked on. */
  startedAt: number;
  limitMs: number;
  readonly reject: (error: Error) => void;
}

interface PendingRequest extends Pending {
  readonly kind: 'request';
  readonly name: string;
  readonly resolve: (reply: LaneReply) => void;
}

interface PendingRun extends Pending {
  readonly kind: 'run';
  readonly batch: number;
  readonly reduce: OutputReduction;
  readonly items: readonly Int32Array[];
  readonly paddedTokens: number;
  readonly limit: RunLimit;
  /** False once its frame turned out not to have left: the process never had it. */
  sent: boolean;
  readonly resolve: (output: BatchOutput) => void;
}

/**
 * One process of a lane, from its start to its end. It answers in the order it
 * is asked, so the oldest unanswered request is the one it works on: the only
 * one that can hang it or kill it.
 */
export class LaneConnection {
  /** Settles when the process answers, or ends without. */
  readonly started: Promise<void>;
  /** Resolves with the reason once the process is gone and everything unanswered is rejected. */
  readonly ended: Promise<string>;
  batches = 0;
  busyMs = 0;
  memoryBytes: number | null = null;

  private readonly pending: (PendingRequest | PendingRun)[] = [];
  private readonly limits = new Map<number, RunLimit>();
  private readonly output = new OutputTail();
  private readonly child: ChildProcess | null;
  private readonly pipe: Socket | null;
  private readonly watch: NodeJS.Timeout;
  private runs = 0;
  private nextBatch = 0;
  private killReason: string | null = null;
  private closing = false;
  /** The pipe broke or the process exited: what it said last may be on its way, but it hears nothing. */
  private isDeaf = false;
  private hasEnded = false;
  private resolveEnded: (reason: string) => void = () => undefined;

  constructor(
    private readonly laneId: number,
    private readonly options: LaneRuntimeOptions,
  ) {
    this.ended = new Promise((resolve) => (this.resolveEnded = resolve));
    this.started = this.expect('start', options.startLimitMs).then(() => undefined);
    this.watch = setInterval(() => void this.check(), options.checkIntervalMs).unref();
    this.child = this.spawn();
    this.pipe = this.child === null ? null : this.connect(this.child);
  }

  get pid(): number | null {
    return this.hasEnded ? null : (this.child?.pid ?? null);
  }

  /** Whether it still takes anything: what is given to a process about to end never runs. */
  get usable(): boolean {
    return !this.hasEnded && !this.isDeaf && !this.closing && this.killReason === null;
  }

  /** Batches given and not answered. */
  get inFlight(): number {
    return this.runs;
  }

  /** @throws LaneDiedError when the process ends before it answers */
  request(message: LaneRequest, limitMs: number): Promise<LaneReply> {
    if (!this.usable) return Promise.reject(this.died(false, 'it is ending'));
    if (message.type === 'unload') this.limits.delete(message.model);
    this.pipe?.write(encodeControl(message));
    return this.expect(message.type, limitMs);
  }

  /** @throws LaneDiedError, RunFailedError */
  run(model: number, reduce: OutputReduction, items: readonly Int32Array[]): Promise<BatchOutput> {
    if (!this.usable) return Promise.reject(this.died(false, 'it is ending'));
    const batch = this.nextBatch;
    this.nextBatch = (batch + 1) >>> 0;
    this.runs++;
    return new Promise((resolve, reject) => {
      const run: PendingRun = {
        kind: 'run',
        batch,
        reduce,
        items,
        paddedTokens: paddedTokens(items),
        limit: this.limitOf(model),
        sent: true,
        startedAt: 0,
        limitMs: 0,
        resolve,
        reject,
      };
      this.append(run);
      this.pipe?.write(encodeRun(batch, model, items), (error) => {
        if (error) run.sent = false;
      });
    });
  }

  kill(reason: string): void {
    if (this.hasEnded) return;
    this.killReason ??= reason;
    this.child?.kill('SIGKILL');
  }

  /** Ends the process, by force if it must be. */
  async close(): Promise<void> {
    this.closing = true;
    this.pipe?.destroy();
    const timer = setTimeout(() => this.kill('it was closed'), CLOSE_GRACE_MS);
    await this.ended;
    clearTimeout(timer);
  }

  private spawn(): ChildProcess | null {
    try {
      const child = spawn(process.execPath, [this.options.entry], {
        stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
        // onnxruntime reports what it runs to its makers unless told not to before it loads.
        env: { ...this.options.environment, ORT_DISABLE_TELEMETRY: '1' },
      });
      child.on('error', (error) => {
        // Without a pid the process never was, and no exit will be reported.
        if (child.pid === undefined) this.end(`it cannot be started: ${error.message}`);
      });
      child.on('exit', () => (this.isDeaf = true));
      child.on('close', (code, signal) => this.end(this.exitReason(code, signal)));
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) this.output.follow(stream);
      }
      return child;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.end(`it cannot be started: ${message}`));
      return null;
    }
  }

  private connect(child: ChildProcess): Socket | null {
    const pipe = child.stdio[PIPE];
    if (!(pipe instanceof Socket)) return null;
    const reader = new FrameReader((kind, body) => this.onFrame(kind, body));
    pipe.on('data', (chunk: Buffer) => {
      try {
        reader.push(chunk);
      } catch (error) {
        // Paused with bytes left in it, it would never close, nor the process be known to be gone.
        pipe.destroy();
        this.kill(error instanceof Error ? error.message : String(error));
      }
    });
    pipe.on('error', () => (this.isDeaf = true));
    pipe.on('close', () => {
      this.isDeaf = true;
      if (this.closing || this.hasEnded) return;
      setTimeout(() => this.kill('it closed its pipe'), PIPE_GRACE_MS).unref();
    });
    return pipe;
  }

  private expect(name: string, limitMs: number): Promise<LaneReply> {
    return new Promise((resolve, reject) => {
      this.append({ kind: 'request', name, startedAt: 0, limitMs, resolve, reject });
    });
  }

  private append(pending: PendingRequest | PendingRun): void {
    this.pending.push(pending);
    if (this.pending.length === 1) begin(pending);
  }

  /** @throws Error when the frame is not the answer that is due: nothing after it can be trusted */
  private onFrame(kind: number, body: Buffer): void {
    const oldest = this.pending[0];
    if (oldest === undefined) throw new Error('it answered without being asked');
    const settle =
      oldest.kind === 'run'
        ? this.readRunAnswer(oldest, kind, body)
        : this.readReply(oldest, kind, body);
    this.pending.shift();
    const next = this.pending[0];
    if (next !== undefined) begin(next);
    settle();
  }

  private readReply(request: PendingRequest, kind: number, body: Buffer): () => void {
    if (kind !== FRAME_KIND.control) throw new Error(`it answered "${request.name}" with a result`);
    const reply = decodeControl(body) as LaneReply;
    return () => request.resolve(reply);
  }

  private readRunAnswer(run: PendingRun, kind: number, body: Buffer): () => void {
    if (kind === FRAME_KIND.control) {
      const reply = decodeControl(body) as LaneReply;
      if (reply.type !== 'failed' || reply.batch !== run.batch) throw new Error(OUT_OF_STEP);
      return () => {
        this.runs--;
        run.reject(new RunFailedError(reply.message));
      };
    }
    if (kind !== FRAME_KIND.result) throw new Error(`it sent a frame of kind ${kind}`);
    const { batch, runMicros, width, values } = decodeResult(body);
    const rows = splitRows(values, width, run);
    if (batch !== run.batch || rows === null) throw new Error(OUT_OF_STEP);
    const runMs = runMicros / 1000;
    return () => {
      this.runs--;
      this.batches++;
      this.busyMs += runMs;
      run.limit.observe(run.paddedTokens, runMs);
      run.resolve({ rows, runMs });
    };
  }

  private limitOf(model: number): RunLimit {
    let limit = this.limits.get(model);
    if (limit === undefined) {
      limit = new RunLimit(this.options.minRunLimitMs, this.options.firstRunLimitMs);
      this.limits.set(model, limit);
    }
    return limit;
  }

  private async check(): Promise<void> {
    const oldest = this.pending[0];
    if (oldest !== undefined && performance.now() - oldest.startedAt > oldest.limitMs) {
      // When this loop itself was held up, the answer may lie unread in the pipe.
      setImmediate(() => {
        if (this.pending[0] !== oldest) return;
        const what = oldest.kind === 'run' ? 'a batch' : `the request "${oldest.name}"`;
        this.kill(`${what} took longer than ${Math.round(oldest.limitMs)} ms`);
      });
    }
    if (this.pid === null) return;
    const bytes = await residentMemory(this.pid);
    this.memoryBytes = bytes;
    const limit = this.options.maxMemoryBytes;
    if (limit !== null && bytes !== null && bytes > limit) {
      this.kill(
        `it held ${Math.round(bytes / MIB)} MiB, the limit is ${Math.round(limit / MIB)} MiB`,
      );
    }
  }

  private exitReason(code: number | null, signal: NodeJS.Signals | null): string {
    if (this.closing) return 'it was closed';
    if (this.killReason !== null) return this.killReason;
    const how = signal === null ? `exit code ${code ?? 'unknown'}` : `signal ${signal}`;
    const said = this.output.lastLines();
    return said === '' ? how : `${how}: ${said}`;
  }

  private end(reason: string): void {
    if (this.hasEnded) return;
    this.hasEnded = true;
    clearInterval(this.watch);
    this.memoryBytes = null;
    this.runs = 0;
    // First, so that whoever hears of a rejection finds the lane already not ready.
    this.resolveEnded(reason);
    this.pending.splice(0).forEach((pending, position) => {
      pending.reject(this.died(pending.kind === 'run' && pending.sent && position === 0, reason));
    });
  }

  private died(wasRunning: boolean, reason: string): LaneDiedError {
    return new LaneDiedError(this.laneId, wasRunning, reason);
  }
}

function begin(pending: PendingRequest | PendingRun): void {
  pending.startedAt = performance.now();
  if (pending.kind === 'run') pending.limitMs = pending.limit.limitMs(pending.paddedTokens);
}

function paddedTokens(items: readonly Int32Array[]): number {
  let longest = 1;
  for (const ids of items) if (ids.length > longest) longest = ids.length;
  return longest * Math.max(1, items.length);
}

/** One view an item on the values, or null when they are not as many as the batch needs. */
function splitRows(
  values: Float32Array,
  width: number,
  { items, reduce }: PendingRun,
): Float32Array[] | null {
  const rows: Float32Array[] = [];
  let at = 0;
  for (const ids of items) {
    const end = at + (reduce.kind === 'tokens' ? ids.length * width : width);
    rows.push(values.subarray(at, end));
    at = end;
  }
  return at === values.length ? rows : null;
}
