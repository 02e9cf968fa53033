import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '@app/common';
import { assertionLabels } from '@app/inference';
import {
  ManifestError,
  modelKey,
  ModelRegistry,
  type CatalogEntry,
  type TaskName,
} from '@app/model-registry';
import { DONE, FAILED, type ExitCode, type Output } from '../console.js';
import type { TesterOptions } from '../model-tester.js';
import type { EvaluateCommand } from '../options.js';
import { findVersions, type Places } from '../places.js';
import { readBaseline } from './baseline.js';
import { answerClasses } from './class-answers.js';
import { reportBehaviour, reportClasses, reportTogether } from './class-report.js';
import { confusionSvg } from './confusion-svg.js';
import { EvaluatedService } from './evaluated-service.js';
import { isFrozen, readData, type DataFile } from './evaluation-data.js';
import { frameReport } from './evaluation-report.js';
import { parseClassExample, parseSpanExample } from './example.js';
import { measureLatency } from './latency.js';
import { writeToCard } from './model-card.js';
import { reliabilitySvg } from './reliability-svg.js';
import { answerSpans, spanLabels } from './span-answers.js';
import { reportSpans } from './span-report.js';

/** What one evaluation made. */
interface Evaluation {
  readonly sections: readonly string[];
  /** Drawings by file name. */
  readonly drawings: Readonly<Record<string, string>>;
  readonly measured: Parameters<typeof measureLatency>[1];
}

/** Where examples are kept for each model, beneath the models that ship with the service. */
const KEPT = join('training', 'evaluation');

/**
 * Measures a model on labelled texts, through the service's own path.
 * @returns FAILED when examples are not the ones whose checksums are noted beside them
 * @throws SetupError saying what is wrong with the model or the examples
 */
export async function evaluateModel(
  { model, data, out, card }: EvaluateCommand,
  places: Places,
  settings: TesterOptions,
  output: Output,
): Promise<ExitCode> {
  const entry = await chosenVersion(model, places);
  const { name, task } = entry.manifest;
  const evaluate = EVALUATIONS[task];
  if (!evaluate) throw new SetupError(`${name} does the task ${task}, which is not evaluated`);
  const files = await readData(data, join(places.bundled, KEPT, name));
  const service = await EvaluatedService.start(entry, settings);
  let report: string;
  let drawings: Evaluation['drawings'];
  try {
    const evaluation = await evaluate(service, files);
    const latency = await measureLatency(service, evaluation.measured);
    drawings = evaluation.drawings;
    report = frameReport(service.model, files, evaluation.sections, latency);
  } finally {
    await service.close();
  }
  output.print(`# ${modelKey(entry.manifest)}\n\n${report}`);
  if (out !== undefined) {
    await mkdir(out, { recursive: true });
    const written = {
      'evaluation.md': `# ${modelKey(entry.manifest)}\n\n${report}\n`,
      ...drawings,
    };
    for (const [file, text] of Object.entries(written)) await writeFile(join(out, file), text);
  }
  const changed = files.filter(({ checksum }) => checksum === 'differs');
  if (changed.length > 0) {
    const names = changed.map((file) => file.name).join(', ');
    output.printError(
      `${names}: not the examples whose SHA-256 is noted in SHA256SUMS; these figures do not count` +
        (card ? ' and were not written into the card' : ''),
    );
    return FAILED;
  }
  if (card) await writeToCard(entry, report);
  return DONE;
}

const EVALUATIONS: Readonly<
  Partial<
    Record<TaskName, (service: EvaluatedService, files: readonly DataFile[]) => Promise<Evaluation>>
  >
> = {
  assertion: evaluateClasses,
  'text-classification': evaluateClasses,
  'token-classification': evaluateSpans,
};

async function evaluateClasses(
  service: EvaluatedService,
  files: readonly DataFile[],
): Promise<Evaluation> {
  const { manifest } = service.model;
  const { name, version } = manifest;
  // A model may call its classes LABEL_0 or Present; answers use the words of the task.
  const labels = manifest.task === 'assertion' ? assertionLabels(manifest) : manifest.labels;
  const sections: string[] = [];
  const drawings: Record<string, string> = {};
  const measured: Evaluation['measured'][number][] = [];
  const sets: Parameters<typeof reportTogether>[0][number][] = [];
  for (const file of files) {
    const examples = file.lines.map(({ text, place }) => parseClassExample(text, place));
    const answers = await answerClasses(service, examples);
    const cases = answers.filter(({ example }) => example.capability !== undefined);
    const plain = answers.filter(({ example }) => example.capability === undefined);
    if (plain.length > 0) {
      sets.push({ name: file.name, answers: plain });
      const baseline = await readBaseline(file);
      const report = reportClasses(file.name, labels, plain, baseline, isFrozen(file));
      sections.push(report.markdown);
      const title = `${name} ${version}, ${file.name}`;
      const suffix = 'confusion.svg' in drawings ? `-${file.name.replace(/\.jsonl$/, '')}` : '';
      drawings[`confusion${suffix}.svg`] = confusionSvg(title, labels, report.confusion);
      drawings[`reliability${suffix}.svg`] = reliabilitySvg(title, report.bins);
    }
    if (cases.length > 0) sections.push(reportBehaviour(file.name, cases));
    measured.push(...(plain.length > 0 ? plain : cases));
  }
  if (sets.length > 1) sections.unshift(reportTogether(sets, labels));
  return { sections, drawings, measured };
}

async function evaluateSpans(
  service: EvaluatedService,
  files: readonly DataFile[],
): Promise<Evaluation> {
  const labels = spanLabels(service.model.manifest.labels);
  const sections: string[] = [];
  const measured: Evaluation['measured'][number][] = [];
  for (const file of files) {
    const examples = file.lines.map(({ text, place }) => parseSpanExample(text, place));
    const answers = await answerSpans(service, examples);
    sections.push(reportSpans(file.name, labels, answers, isFrozen(file)));
    measured.push(...answers);
  }
  return { sections, drawings: {}, measured };
}

/** @param wanted `name` for the version that answers by default, or `name@version` */
async function chosenVersion(wanted: string, places: Places): Promise<CatalogEntry> {
  const found = await findVersions(places);
  const [name, version] = wanted.split('@');
  const meant = found.filter(
    (one) => one.name === name && (version === undefined || one.version === version),
  );
  if (meant.length === 0) {
    const known = found.map((one) => `${one.name}@${one.version}`);
    throw new SetupError(
      `There is no model ${wanted} to evaluate; there are: ${known.join(', ') || 'none'}`,
    );
  }
  const entries = meant.map(({ entry }) => {
    if (entry instanceof ManifestError) throw entry;
    return entry;
  });
  const [only] = entries;
  if (only && entries.length === 1) return only;
  const chosen = new ModelRegistry(entries).resolve({ name: name ?? wanted });
  const entry = entries.find(({ manifest }) => manifest === chosen);
  if (!entry) throw new SetupError(`${wanted} has no version that answers`);
  return entry;
}
