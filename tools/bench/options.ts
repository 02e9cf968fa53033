import { parseArgs } from 'node:util';
import type { JobsPlan } from './measure-jobs.js';

/** Durations are in seconds. */
export interface BenchOptions {
  readonly quick: boolean;
  readonly assert: boolean;
  readonly textsFile: string | undefined;
  readonly thoroughness: Thoroughness;
  readonly models: readonly ModelPlan[];
}

export interface Thoroughness {
  /** Looks at each strategy of the raw runtime; the better counts, so that a passing disturbance drops none. */
  readonly looks: number;
  /** Strategies that stay in the running for the limit after the looks. */
  readonly finalists: number;
  /** Times everything is measured. */
  readonly rounds: number;
}

export interface ModelPlan {
  readonly label: ModelLabel;
  /** One look at one strategy. */
  readonly lookSeconds: number;
  /** Load before the first round: a server's code is compiled as it runs, over some 50,000 requests. */
  readonly settleSeconds: number;
  /** One round of one measurement. */
  readonly roundSeconds: number;
  /** Requests of 100 sentences. */
  readonly batchRequests: number;
  readonly warmSeconds: number;
  readonly overloadSeconds: number;
  /** Texts of the latency at concurrency 1. */
  readonly latencyTexts: number;
  /** Null where a job would take too long. */
  readonly jobs: JobsPlan | null;
}

export const MODEL_LABELS = ['bundled', 'bert-base'] as const;
export type ModelLabel = (typeof MODEL_LABELS)[number];

const FULL: Readonly<Record<ModelLabel, ModelPlan>> = {
  bundled: {
    label: 'bundled',
    lookSeconds: 0.5,
    settleSeconds: 40,
    roundSeconds: 3,
    batchRequests: 200,
    warmSeconds: 1,
    overloadSeconds: 12,
    latencyTexts: 400,
    jobs: { items: 100_000, rounds: 5, requests: 3_000 },
  },
  'bert-base': {
    label: 'bert-base',
    lookSeconds: 1.5,
    settleSeconds: 10,
    roundSeconds: 8,
    batchRequests: 12,
    warmSeconds: 2,
    overloadSeconds: 15,
    latencyTexts: 60,
    jobs: null,
  },
};

/** Three short rounds: under three minutes in all. */
const QUICK: Readonly<Record<ModelLabel, ModelPlan>> = {
  bundled: {
    label: 'bundled',
    lookSeconds: 0.3,
    settleSeconds: 8,
    roundSeconds: 1.5,
    batchRequests: 40,
    warmSeconds: 0.5,
    overloadSeconds: 5,
    latencyTexts: 100,
    jobs: { items: 20_000, rounds: 3, requests: 1_000 },
  },
  'bert-base': {
    label: 'bert-base',
    lookSeconds: 0.6,
    settleSeconds: 4,
    roundSeconds: 3,
    batchRequests: 6,
    warmSeconds: 1,
    overloadSeconds: 6,
    latencyTexts: 20,
    jobs: null,
  },
};

export const USAGE = `npm run bench -- [options]
  --quick          three short rounds, under three minutes in all
  --assert         exit with 1 when a figure is short of its goal
  --model <name>   only one of: ${MODEL_LABELS.join(', ')}
  --texts <file>   JSON Lines with a "text" each, instead of the usual corpus`;

/** @throws Error that names the wrong option. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      assert: { type: 'boolean', default: false },
      model: { type: 'string' },
      texts: { type: 'string' },
    },
  });
  const labels = MODEL_LABELS.filter(
    (label) => values.model === undefined || label === values.model,
  );
  if (labels.length === 0) throw new Error(`--model must be one of ${MODEL_LABELS.join(', ')}`);
  const plans = values.quick ? QUICK : FULL;
  return {
    quick: values.quick,
    assert: values.assert,
    textsFile: values.texts,
    thoroughness: values.quick
      ? { looks: 1, finalists: 1, rounds: 3 }
      : { looks: 2, finalists: 2, rounds: 5 },
    models: labels.map((label) => plans[label]),
  };
}
