import type { LoadReply } from './load-calls.js';
import type { Reply } from './one-shot-client.js';
import { quantiles, type Quantiles } from './stats.js';

/** Adds up the answers of one load; `now` values are of `performance.now()`. */
export class LoadTally {
  private readonly statuses: Record<string, number> = {};
  private readonly successes: number[] = [];
  private readonly refusals: number[] = [];
  private answers = 0;
  private readonly failures: Record<string, number> = {};
  private tokens = 0;
  private first: number | null = null;
  private firstTokens = 0;
  private last = 0;

  /** Only answers from `from` to `until` count for throughput and latency. */
  constructor(
    private readonly from: number,
    private readonly until: number,
  ) {}

  answer(status: number, latency: number, tokens: number, now: number): void {
    this.answers++;
    this.statuses[status] = (this.statuses[status] ?? 0) + 1;
    if (now < this.from) return;
    // A refusal is judged whenever it comes; that of a late request must not be lost.
    if (status === 503) this.refusals.push(latency);
    if (status !== 200 || now > this.until) return;
    this.successes.push(latency);
    // The first answer opens the window: its own work was done before.
    if (this.first === null) {
      this.first = now;
      this.firstTokens = tokens;
    } else this.tokens += tokens;
    this.last = now;
  }

  /** What a OneShotClient reports. */
  settle(reply: Reply | Error, tokens: number): void {
    if (reply instanceof Error) this.failure(reply);
    else this.answer(reply.status, reply.latency, tokens, performance.now());
  }

  failure(error: NodeJS.ErrnoException): void {
    const reason = error.code ?? error.message;
    this.failures[reason] = (this.failures[reason] ?? 0) + 1;
  }

  /** Everything answered since the load began at `start`. */
  replySince(start: number): LoadReply {
    const tokens = this.tokens + this.firstTokens;
    return { ...this.reply(), tokens, seconds: (this.last - start) / 1000 };
  }

  reply(sendLag?: Quantiles): LoadReply {
    return {
      tokens: this.tokens,
      seconds: (this.last - (this.first ?? this.last)) / 1000,
      answers: this.answers,
      statuses: this.statuses,
      unanswered: Object.values(this.failures).reduce((sum, count) => sum + count, 0),
      failures: this.failures,
      successes: quantiles(this.successes),
      refusals: quantiles(this.refusals),
      sendLag,
    };
  }
}
