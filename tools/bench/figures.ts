import type { Precision } from '@app/model-registry';
import type { ModelMeasurements } from './measure-model.js';
import type { ModelLabel } from './options.js';
import type { Figure } from './report.js';
import { medianRatio } from './stats.js';

interface Goals {
  /** Served ÷ raw. */
  readonly served: number;
  /** Goodput ÷ peak under three times the capacity. */
  readonly goodput: number;
  /** Latency alone ÷ raw; a small model's is mostly HTTP, and has no goal. */
  readonly latency: number | null;
}

/** An int8 model leaves the server less time a request than one of the same shape that computes in fp32. */
function goalsOf(label: ModelLabel, precision: Precision): Goals {
  if (label === 'bert-base') return { served: 0.95, goodput: 0.95, latency: 1.15 };
  return { served: precision === 'int8' ? 0.75 : 0.85, goodput: 0.6, latency: null };
}

export function modelFigures(
  model: ModelLabel,
  precision: Precision,
  m: ModelMeasurements,
): Figure[] {
  const goals = goalsOf(model, precision);
  const { load, probe, goodput } = m.overload;
  const atLeast = (id: string, value: number, goal: number): Figure => {
    return { id, model, value, goal, want: 'at least' };
  };
  const atMost = (id: string, value: number, goal: number): Figure => {
    return { id, model, value, goal, want: 'at most' };
  };
  return [
    atLeast('P1', medianRatio(m.served, m.raw), goals.served),
    atLeast('P1-batch-route', medianRatio(m.batchRoute, m.raw), 0.9),
    atLeast('P1-arrival-order', medianRatio(m.served, m.arrival), 2),
    ...(goals.latency === null
      ? []
      : [atMost('P3', medianRatio(m.latency.served, m.latency.raw), goals.latency)]),
    atLeast('access', medianRatio(m.access.withKey, m.access.without), 0.9),
    ...(m.jobs === null
      ? []
      : [
          atLeast('jobs', m.jobs.rate / m.jobs.raw.median, 0.85),
          ...(m.jobs.memoryRange === null
            ? []
            : [atMost('jobs-memory-MiB', m.jobs.memoryRange, 100)]),
          atMost('jobs-interactive', medianRatio(m.jobs.beside, m.jobs.alone), 1.5),
        ]),
    atLeast('P5', goodput / m.served.median, goals.goodput),
    // No refusals at three times the capacity would mean an unbounded queue: NaN is short.
    atMost('P5-refusal-ms', load.refusals.p999, 100),
    atMost('P5-unanswered', load.unanswered, 0),
    atMost('P6-live-ms', probe.successes.p99, 25),
  ];
}
