import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeLengths, readCorpus, type Corpus } from './corpus.js';
import { modelFigures } from './figures.js';
import { measureHttp, type HttpMeasurements } from './measure-http.js';
import { unlimitedKey } from './measure-access.js';
import { describe, measureModel, type ModelMeasurements } from './measure-model.js';
import { parseOptions, USAGE, type BenchOptions, type ModelPlan } from './options.js';
import { prepareModel, type PreparedModel } from './prepare-model.js';
import { describeMachine, formatFigure, reached, writeResults, type Figure } from './report.js';
import { ServerProcess } from './server-process.js';
import { formatSpread, medianRatio } from './stats.js';

/** From dist/tools/bench to the folder of package.json. */
const ROOT = new URL('../../../', import.meta.url);
const SERVICE = fileURLToPath(new URL('dist/apps/api/src/main.js', ROOT));
const sibling = (name: string): string => fileURLToPath(new URL(`./${name}.js`, import.meta.url));

/** The raw runtime is measured on two cores, so the service gets two as well. */
const LANES = '2';
/** Nest with guard, validation and headers ÷ bare node:http. */
const HTTP_GOAL = 0.28;
const ADMIN_PASSWORD = 'of-the-bench-alone';

interface Outcome {
  readonly figures: Figure[];
  readonly measurements: Record<string, ModelMeasurements | HttpMeasurements>;
}

async function bench(options: BenchOptions, corpus: Corpus, scratch: string): Promise<Outcome> {
  const outcome: Outcome = { figures: [], measurements: {} };
  const serve = (
    script: string,
    model: PreparedModel,
    args: readonly string[] = [],
  ): Promise<ServerProcess> =>
    ServerProcess.start(
      script,
      {
        MODELS: model.bench.manifest.name,
        MODEL_CACHE_DIR: model.root,
        DATA_DIR: join(scratch, 'data'),
        LANES,
        LOG_LEVEL: 'warn',
        ADMIN_PASSWORD,
      },
      '/health/ready',
      args,
    );

  for (const plan of options.models) {
    const model = await prepareModel(plan.label, ROOT, scratch, corpus.sentences);
    console.log(describeLengths(`\n${plan.label}: tokens`, model.bench.lengths));
    if (plan.label === 'bundled') {
      const route = await serve(sibling('noop-server'), model, ['route']);
      const service = await serve(sibling('noop-server'), model);
      const http = await againstFloor({ route, service }, model, options, plan);
      outcome.measurements['http'] = http;
      outcome.figures.push({
        id: 'P2',
        model: plan.label,
        value: medianRatio(http.route, http.floor),
        goal: HTTP_GOAL,
        want: 'at least',
      });
    }
    const server = await serve(SERVICE, model);
    try {
      const measured = await measureModel(
        model.bench,
        server,
        plan,
        await unlimitedKey(server, ADMIN_PASSWORD),
        options.thoroughness,
      );
      console.log(describe(plan.label, measured).join('\n'));
      outcome.measurements[plan.label] = measured;
      const { precision } = model.bench.manifest;
      outcome.figures.push(...modelFigures(plan.label, precision, measured));
    } finally {
      await server.stop();
    }
  }
  return outcome;
}

async function againstFloor(
  services: Readonly<Record<'route' | 'service', ServerProcess>>,
  model: PreparedModel,
  options: BenchOptions,
  plan: ModelPlan,
): Promise<HttpMeasurements> {
  try {
    const floor = await ServerProcess.start(sibling('http-floor'), {}, '/health/ready');
    try {
      const { sentences } = model.bench;
      const servers = { floor, ...services };
      const { rounds } = options.thoroughness;
      const http = await measureHttp(servers, sentences, rounds, plan.roundSeconds);
      console.log(
        `requests/s without a model: node:http ${formatSpread(http.floor, 0)}, ` +
          `route ${formatSpread(http.route, 0)}, ` +
          `with tokens and scheduler ${formatSpread(http.service, 0)}`,
      );
      return http;
    } finally {
      await floor.stop();
    }
  } finally {
    await services.route.stop();
    await services.service.stop();
  }
}

async function main(options: BenchOptions): Promise<void> {
  const start = new Date();
  console.log(Object.values(describeMachine()).join(', '));
  const corpus = readCorpus(ROOT, options.textsFile);
  const words = corpus.sentences.map((sentence) => sentence.split(' ').length);
  console.log(`${corpus.sentences.length} sentences of ${corpus.source}`);
  console.log(describeLengths('words', words));

  const scratch = await mkdtemp(join(tmpdir(), 'clinserve-bench-'));
  try {
    const { figures, measurements } = await bench(options, corpus, scratch);
    const file = await writeResults(new URL('.bench/', ROOT), {
      startedAt: start.toISOString(),
      seconds: (Date.now() - start.getTime()) / 1000,
      quick: options.quick,
      corpus: { source: corpus.source, sentences: corpus.sentences.length },
      figures,
      measurements,
    });
    console.log(`\nwritten to ${fileURLToPath(file)}`);
    for (const figure of figures) console.log(formatFigure(figure));
    if (options.assert && !figures.every(reached)) process.exitCode = 1;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

function optionsOrUsage(): BenchOptions | null {
  try {
    return parseOptions(process.argv.slice(2));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    console.error(USAGE);
    process.exitCode = 2;
    return null;
  }
}

const options = optionsOrUsage();
if (options) await main(options);
