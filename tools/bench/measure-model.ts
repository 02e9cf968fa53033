import type { BenchModel } from './bench-model.js';
import type { ModelPlan, Thoroughness } from './options.js';
import { RawRunner, type Strategy } from './raw.js';
import { measureAccess, type AccessMeasurements } from './measure-access.js';
import { measureJobs, type JobsMeasurements } from './measure-jobs.js';
import { ServedModel, type Overload, type Rate } from './served.js';
import type { ServerProcess } from './server-process.js';
import { formatSpread, spread, type Spread } from './stats.js';

export interface ModelMeasurements {
  readonly raw: Spread & { readonly strategy: string };
  readonly arrival: Spread & { readonly strategy: string };
  readonly served: Spread;
  readonly batchRoute: Spread;
  /** Requests answered 503 in the closed loops, of all; none is what should be. */
  readonly refused: { readonly served: number; readonly batchRoute: number };
  readonly cpuMicrosPerRequest: Spread | null;
  readonly looks: Readonly<Record<string, number>>;
  readonly latency: { readonly raw: Spread; readonly served: Spread };
  readonly access: AccessMeasurements;
  readonly overload: Overload;
  readonly jobs: JobsMeasurements | null;
}

/**
 * All measurements of one model. A round measures everything once, one after
 * the other, so that whatever slows the machine for a while slows them all.
 */
export async function measureModel(
  model: BenchModel,
  server: ServerProcess,
  plan: ModelPlan,
  key: string,
  { looks: lookCount, finalists: finalistCount, rounds }: Thoroughness,
): Promise<ModelMeasurements> {
  const raw = await RawRunner.open(model);
  const served = new ServedModel(model, server);
  try {
    const sorted = raw.strategies();
    const arrival = raw.arrivalStrategies();
    const looks = new Map<Strategy, number>();
    for (let look = 0; look < lookCount; look++) {
      for (const strategy of [...sorted, ...arrival]) {
        const rate = await raw.rate(strategy, plan.lookSeconds);
        looks.set(strategy, Math.max(rate, looks.get(strategy) ?? 0));
      }
    }
    const finalists = best(sorted, looks, finalistCount);
    const arrivals = best(arrival, looks, 1);

    await served.predictions(0, plan.settleSeconds);
    await served.batchPredictions(plan.batchRequests);

    const rates = new Map<Strategy, number[]>();
    const single: Rate[] = [];
    const batched: Rate[] = [];
    const latencies: { raw: number; served: number }[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const strategy of [...finalists, ...arrivals]) {
        const rate = await raw.rate(strategy, plan.roundSeconds);
        rates.set(strategy, [...(rates.get(strategy) ?? []), rate]);
      }
      single.push(await served.predictions(plan.warmSeconds, plan.roundSeconds));
      batched.push(await served.batchPredictions(plan.batchRequests));
      latencies.push({
        raw: await raw.medianLatency(plan.latencyTexts),
        served: await served.medianLatency(plan.latencyTexts),
      });
    }
    const peak = spread(single.map(({ rate }) => rate));
    const access = await measureAccess(served, key, rounds, plan.warmSeconds, plan.roundSeconds);
    const limit = winner(finalists, rates);
    const measureRaw = () => raw.rate(limit.of, 2 * plan.roundSeconds);
    const jobs =
      plan.jobs === null ? null : await measureJobs(model, server, served, measureRaw, plan.jobs);
    const overload = await served.overload(peak.median, plan.warmSeconds, plan.overloadSeconds);

    const cpu = single.map(({ cpuMicros }) => cpuMicros).filter((micros) => micros !== null);
    return {
      raw: limit.measured,
      arrival: winner(arrivals, rates).measured,
      served: peak,
      batchRoute: spread(batched.map(({ rate }) => rate)),
      refused: { served: refusals(single), batchRoute: refusals(batched) },
      cpuMicrosPerRequest: cpu.length > 0 ? spread(cpu) : null,
      looks: Object.fromEntries([...looks].map(([{ name }, rate]) => [name, rate])),
      latency: {
        raw: spread(latencies.map((latency) => latency.raw)),
        served: spread(latencies.map((latency) => latency.served)),
      },
      access,
      overload,
      jobs,
    };
  } finally {
    raw.stop();
    served.stop();
  }
}

function refusals(rates: readonly Rate[]): number {
  return rates.reduce((sum, { reply }) => sum + (reply.statuses['503'] ?? 0), 0);
}

function best(
  among: readonly Strategy[],
  looks: ReadonlyMap<Strategy, number>,
  count: number,
): Strategy[] {
  return [...among].sort((a, b) => (looks.get(b) ?? 0) - (looks.get(a) ?? 0)).slice(0, count);
}

/** The fastest of them, and what it reached. */
function winner(
  among: readonly Strategy[],
  rates: ReadonlyMap<Strategy, readonly number[]>,
): { readonly of: Strategy; readonly measured: Spread & { readonly strategy: string } } {
  const results = among.map((strategy) => ({
    of: strategy,
    measured: { strategy: strategy.name, ...spread(rates.get(strategy) ?? []) },
  }));
  results.sort((a, b) => b.measured.median - a.measured.median);
  const [first] = results;
  if (!first) throw new Error('no strategy was measured');
  return first;
}

/** The table that is printed for a model. */
export function describe(label: string, m: ModelMeasurements): string[] {
  const { overload } = m;
  return [
    `${label}, sentences/s, median (min–max)`,
    `  raw            ${formatSpread(m.raw)}  ${m.raw.strategy}`,
    `  served         ${formatSpread(m.served)}  64 connections${refusedNote(m.refused.served)}`,
    `  batch route    ${formatSpread(m.batchRoute)}  100 sentences a request, 4 connections${refusedNote(m.refused.batchRoute)}`,
    `  arrival order  ${formatSpread(m.arrival)}  ${m.arrival.strategy}`,
    `  latency alone  raw ${formatSpread(m.latency.raw, 2)} ms, served ${formatSpread(m.latency.served, 2)} ms`,
    ...(m.cpuMicrosPerRequest
      ? [`  server CPU outside the lanes  ${formatSpread(m.cpuMicrosPerRequest, 0)} µs a request`]
      : []),
    `  with keys      ${formatSpread(m.access.withKey)}, without ${formatSpread(m.access.without)}`,
    ...(m.jobs === null ? [] : describeJobs(m.jobs)),
    `  overload       offered ${overload.offered.toFixed(1)}, goodput ${overload.goodput.toFixed(1)}, ` +
      `answers ${JSON.stringify({ ...overload.load.statuses, ...overload.load.failures })}, ` +
      `p50 ${overload.load.successes.p50.toFixed(0)} ms, p99 ${overload.load.successes.p99.toFixed(0)} ms, ` +
      `sent late p99 ${(overload.load.sendLag?.p99 ?? 0).toFixed(1)} ms`,
  ];
}

function describeJobs(jobs: JobsMeasurements): string[] {
  const memory =
    jobs.memoryRange === null ? '' : `, memory moved ${jobs.memoryRange.toFixed(0)} MiB`;
  return [
    `  job            ${jobs.rate.toFixed(1)}, ${jobs.items} sentences by file${memory}; raw before and after it ${formatSpread(jobs.raw)}`,
    `  /predict p99   alone ${formatSpread(jobs.alone)} ms, beside a job ${formatSpread(jobs.beside)} ms`,
  ];
}

function refusedNote(count: number): string {
  return count === 0 ? '' : `, ${count} requests refused`;
}
