import type { ServedModel } from '@app/inference';
import { ROUNDS, SEED } from './bootstrap.js';
import type { DataFile } from './evaluation-data.js';
import type { Latency } from './latency.js';
import { escaped, markdownTable } from './markdown.js';

const CHECKSUM_WORDS: Readonly<Record<DataFile['checksum'], string>> = {
  matches: 'as noted',
  differs: '**differs from the one noted**',
  unlisted: 'none noted',
};

/** The account of an evaluation, with what it was made from and how. */
export function frameReport(
  { manifest, loaded }: ServedModel,
  files: readonly DataFile[],
  sections: readonly string[],
  latency: Latency | null,
): string {
  const graph = manifest.files.find(({ path }) => path === manifest.model);
  return [
    '## Evaluation',
    `Computed by \`npm run models -- evaluate ${manifest.name}\` through the path of every request: registry, ` +
      `tokenizer, scheduler, one lane of one thread (${loaded.provider}, ${manifest.precision}, ` +
      `${manifest.model} ${graph?.sha256.slice(0, 12) ?? ''}, temperature ${manifest.calibration.temperature}). ` +
      `Figures in brackets are 95 % intervals: percentile bootstrap, ${ROUNDS.toLocaleString('en')} resamples, seed ${SEED}. ` +
      'Macro F1 is the mean over the labels that occur.',
    markdownTable([
      ['examples', 'lines', 'SHA-256', 'SHA256SUMS'],
      ...files.map(({ name, lines, sha256, checksum }) => [
        escaped(name),
        String(lines.length),
        `\`${sha256}\``,
        CHECKSUM_WORDS[checksum],
      ]),
    ]),
    ...sections,
    ...latencySection(latency),
  ].join('\n\n');
}

function latencySection(latency: Latency | null): string[] {
  if (!latency) return [];
  const { tokens, runs, runMs, totalMs } = latency;
  const row = (name: string, times: Latency['runMs']): string[] => [
    name,
    times.median.toFixed(2),
    times.p95.toFixed(2),
  ];
  return [
    '### Latency',
    `The text of median length (${tokens} tokens), ${runs} times one after the other, on the machine ` +
      'that computed this.',
    markdownTable([
      ['milliseconds', 'median', '95 %'],
      row('inside the model', runMs),
      row('from call to answer', totalMs),
    ]),
  ];
}
