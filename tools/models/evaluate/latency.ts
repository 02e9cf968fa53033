import { quantile, spread } from '../../bench/stats.js';
import type { EvaluatedService } from './evaluated-service.js';

const WARM_UP = 20;
const MEASURED = 200;

/** How long one text takes that has the service to itself, milliseconds. */
export interface Latency {
  /** Of the text measured, special tokens included: the median of the data. */
  readonly tokens: number;
  readonly runs: number;
  /** Inside the model, on one lane of one thread. */
  readonly runMs: { readonly median: number; readonly p95: number };
  /** From call to answer: tokenizer, scheduler, the way to the lane and back. */
  readonly totalMs: { readonly median: number; readonly p95: number };
}

interface Measurable {
  readonly example: {
    readonly text: string;
    readonly place: string;
    readonly entity?: { readonly start: number; readonly end: number };
  };
  readonly tokens: number;
}

/** Asks for the text of median length again and again, one at a time. */
export async function measureLatency(
  service: EvaluatedService,
  answers: readonly Measurable[],
): Promise<Latency | null> {
  const sorted = [...answers].sort((a, b) => a.tokens - b.tokens);
  const middle = sorted[Math.floor(sorted.length / 2)];
  if (!middle) return null;
  const { text, place, entity } = middle.example;
  const runs: number[] = [];
  const totals: number[] = [];
  for (let i = 0; i < WARM_UP + MEASURED; i++) {
    const start = performance.now();
    const [item] = await service.predict([{ text, place, entity }], 'interactive');
    const total = performance.now() - start;
    if (i < WARM_UP || !item) continue;
    totals.push(total);
    runs.push(item.result.runMs);
  }
  return {
    tokens: middle.tokens,
    runs: runs.length,
    runMs: medianAndTail(runs),
    totalMs: medianAndTail(totals),
  };
}

function medianAndTail(values: readonly number[]): { median: number; p95: number } {
  const ascending = Float64Array.from(values).sort();
  return { median: spread(values).median, p95: quantile(ascending, 0.95) };
}
