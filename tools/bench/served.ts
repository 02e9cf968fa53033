import type { BenchModel } from './bench-model.js';
import { Worker } from './calls.js';
import type { ClosedLoopCall, LoadCall, LoadItem, LoadReply } from './load-calls.js';
import type { ServerProcess } from './server-process.js';

const CONNECTIONS = 64;
const BATCH_CONNECTIONS = 4;
/** Callers who wait for their answer, as a ward's screens do. */
const INTERACTIVE_CONNECTIONS = 8;
const BATCH_SIZE = 100;
const PROBES_PER_SECOND = 20;
/** Times the measured capacity. */
const OVERLOAD = 3;

export interface Rate {
  /** Sentences a second; see BenchModel.sentencesPerSecond. */
  readonly rate: number;
  /** Of the server's process without its lanes, per request; null where it cannot be read. */
  readonly cpuMicros: number | null;
  readonly reply: LoadReply;
}

export interface Overload {
  readonly offered: number;
  readonly goodput: number;
  readonly load: LoadReply;
  readonly probe: LoadReply;
}

/** The real server with one model, and the load generator beside it. */
export class ServedModel {
  private readonly load = Worker.start<LoadCall, LoadReply>('load-worker');
  private readonly prober = Worker.start<LoadCall, LoadReply>('load-worker');
  private readonly single: LoadItem[];
  private readonly batches: LoadItem[];

  constructor(
    private readonly model: BenchModel,
    private readonly server: ServerProcess,
  ) {
    const { sentences, lengths } = model;
    this.single = sentences.map((sentence, i) => ({
      body: JSON.stringify({ sentence }),
      tokens: lengths[i] ?? 0,
    }));
    this.batches = [];
    for (let start = 0; start + BATCH_SIZE <= sentences.length; start += BATCH_SIZE) {
      const tokens = lengths.slice(start, start + BATCH_SIZE);
      this.batches.push({
        body: JSON.stringify({ sentences: sentences.slice(start, start + BATCH_SIZE) }),
        tokens: tokens.reduce((sum, length) => sum + length, 0),
      });
    }
  }

  /** POST /predict over 64 connections, each with one request under way. */
  predictions(warmSeconds: number, seconds: number, key?: string): Promise<Rate> {
    return this.closedLoop('/predict', this.single, CONNECTIONS, { warmSeconds, seconds, key });
  }

  /** POST /predict/batch, 100 mixed sentences a request. */
  batchPredictions(requests: number): Promise<Rate> {
    return this.closedLoop('/predict/batch', this.batches, BATCH_CONNECTIONS, {
      amount: requests,
      warmSeconds: 0,
      seconds: 0,
    });
  }

  /** Median latency of one request at a time, milliseconds, over the first `count` texts. */
  async medianLatency(count: number): Promise<number> {
    const url = `${this.server.origin}/predict`;
    const items = this.single.slice(0, count);
    // The first requests on a new connection, and after a pause, are not typical.
    await this.load.call({ kind: 'sequence', url, items: items.slice(0, 10) });
    const reply = await this.load.call({ kind: 'sequence', url, items });
    return answeredOrRefused(reply).successes.p50;
  }

  /** p99 of so many requests of 8 connections, milliseconds. */
  async interactiveP99(requests: number): Promise<number> {
    const { reply } = await this.closedLoop('/predict', this.single, INTERACTIVE_CONNECTIONS, {
      amount: requests,
      warmSeconds: 0,
      seconds: 0,
    });
    return reply.successes.p99;
  }

  /** Three times `capacity` in an open loop, with the health check watched from outside. */
  async overload(capacity: number, warmSeconds: number, seconds: number): Promise<Overload> {
    const offered = OVERLOAD * capacity;
    const { origin } = this.server;
    const [load, probe] = await Promise.all([
      this.load.call({
        kind: 'open',
        url: `${origin}/predict`,
        items: this.single,
        rate: offered,
        warmSeconds,
        seconds,
      }),
      this.prober.call({
        kind: 'probe',
        url: `${origin}/health/live`,
        perSecond: PROBES_PER_SECOND,
        seconds: warmSeconds + seconds,
      }),
    ]);
    const goodput = this.model.sentencesPerSecond(load.tokens, load.seconds);
    return { offered, goodput, load, probe: answeredOrRefused(probe) };
  }

  stop(): void {
    this.load.stop();
    this.prober.stop();
  }

  private async closedLoop(
    path: string,
    items: readonly LoadItem[],
    connections: number,
    extent: Pick<ClosedLoopCall, 'amount' | 'warmSeconds' | 'seconds' | 'key'>,
  ): Promise<Rate> {
    const url = this.server.origin + path;
    const before = await this.server.cpuMicros();
    const reply = answeredOrRefused(
      await this.load.call({ kind: 'closed', url, items, connections, ...extent }),
    );
    const after = await this.server.cpuMicros();
    return {
      rate: this.model.sentencesPerSecond(reply.tokens, reply.seconds),
      cpuMicros: before !== null && after !== null ? (after - before) / reply.answers : null,
      reply,
    };
  }
}

/**
 * A closed loop may be refused, and counts what it was granted; any other
 * answer means that something else than speed was measured.
 */
function answeredOrRefused(reply: LoadReply): LoadReply {
  const others = Object.keys(reply.statuses).filter((status) => !['200', '503'].includes(status));
  if (others.length > 0 || reply.unanswered > 0 || reply.answers === 0) {
    throw new Error(
      `the server answered ${JSON.stringify(reply.statuses)}, failures ${JSON.stringify(reply.failures)}`,
    );
  }
  return reply;
}
