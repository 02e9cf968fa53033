import { createHash } from 'node:crypto';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelFolderOptions, writeModelFolder } from '@app/inference/testing';
import { runTool, type ToolRun } from '../support/tool.js';

const SMALL = { layers: 1, hidden: 16, heads: 2, ffn: 32, maxPositions: 64 };
const CARD = '# Card\n<!-- evaluation:begin -->\n<!-- evaluation:end -->\n## End\n';
const SOURCES: Readonly<Record<string, ModelFolderOptions>> = {
  // Its classes are spelled otherwise than the answers of the task.
  assertion: { ...SMALL, entityMarker: '[entity]', labels: ['Present', 'Absent', 'Possible'] },
  topics: { ...SMALL, labels: ['cardiology', 'other'] },
  problems: { ...SMALL, head: 'token', labels: ['O', 'B-PROBLEM', 'I-PROBLEM'] },
  vectors: { ...SMALL, head: 'hidden' },
};

let folder: string;
const models = (...args: string[]): Promise<ToolRun> =>
  runTool('models', args, { MODEL_CACHE_DIR: join(folder, 'own'), DATA_DIR: folder });
const put = async (name: string, lines: readonly object[]): Promise<string> => {
  const path = join(folder, name);
  await writeFile(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models evaluate '));
  const added = Object.entries(SOURCES).map(async ([name, options]) => {
    const source = join(folder, 'exports', name);
    await writeModelFolder(source, options);
    await writeFile(join(source, 'MODEL_CARD.md'), CARD);
    return models('add', source);
  });
  for (const run of await Promise.all(added)) expect(run).toMatchObject({ code: 0, stderr: '' });
});
afterAll(() => rm(folder, { recursive: true }));

const sentences = Array.from({ length: 30 }, (_, i) => ({
  text: `😀 No fever on day ${i}, but she reports a cough.`,
  entity: i % 2 === 0 ? { start: 5, end: 10 } : undefined,
  label: ['PRESENT', 'ABSENT', 'POSSIBLE'][i % 3],
  note: `n${Math.floor(i / 5)}`,
  section: i < 15 ? 'HPI' : 'ROS',
}));

describe('the bundled assertion model', () => {
  it('is evaluated with figures, drawings and its suite', async () => {
    const suite = [
      {
        text: 'The patient denies any chest pain.',
        entity: { start: 23, end: 33 },
        label: 'ABSENT',
      },
      { text: 'Possible pneumonia.', entity: { start: 9, end: 18 }, label: 'POSSIBLE' },
      { text: 'She has asthma.', entity: { start: 8, end: 14 }, label: 'ABSENT' },
    ].map((line, i) => ({ ...line, capability: i === 2 ? 'planted mistake' : 'first words' }));
    const data = await put('behaviour.jsonl', [...suite, { text: 'No fever.', label: 'ABSENT' }]);
    const out = join(folder, 'new', 'out');
    const run = await models('evaluate', 'clinical-assertion', '--data', data, '--out', out);
    expect(run).toMatchObject({ code: 0, stderr: '' });
    expect(run.stdout).toContain('2 of 3 cases passed (66.7 %), in 2 capabilities');
    expect(run.stdout).toContain('- planted mistake: She has **asthma**. (expected ABSENT');
    expect(run.stdout).toMatch(/\| ABSENT \| 1 \| 1\.000 .*\n/);
    expect((await readdir(out)).sort()).toEqual([
      'confusion.svg',
      'evaluation.md',
      'reliability.svg',
    ]);
    expect(`${run.stdout.trim()}\n`).toBe(await readFile(join(out, 'evaluation.md'), 'utf8'));
  });
});

describe('a model of one’s own', () => {
  it('has the same figures each time, and in its card', async () => {
    const data = await put('test.jsonl', sentences);
    const sum = createHash('sha256')
      .update(await readFile(data))
      .digest('hex');
    await writeFile(join(folder, 'SHA256SUMS'), `${sum}  test.jsonl\n`);
    const runs = [
      await models('evaluate', 'assertion', '--data', data),
      await models('evaluate', 'assertion@1.0.0', '--data', data, '--card'),
    ];
    const [first, second] = runs.map(({ stdout }) => stdout.split('### Latency')[0]!.trim());
    expect(first).toContain(`| test.jsonl | 30 | \`${sum}\` | as noted |`);
    expect(first).toContain('30 texts of 6 notes; intervals are over whole notes.');
    expect(second).toBe(first);
    for (const label of ['PRESENT', 'ABSENT', 'POSSIBLE']) {
      expect(first).toContain(`| ${label} | 10 | `);
    }
    expect(first).toContain('not listed: the set is frozen');
    expect(first).not.toContain('on day');
    const card = await readFile(join(folder, 'own/assertion/1.0.0/MODEL_CARD.md'), 'utf8');
    expect(card).toContain('30 texts of 6 notes');
    expect(card).toMatch(/^# Card\n.*## End\n$/s);
    expect(await models('check', 'assertion')).toMatchObject({ code: 0 });

    await appendFile(data, `${JSON.stringify(sentences[0])}\n`);
    const changed = await models('evaluate', 'assertion', '--data', data, '--card');
    expect(changed.stderr).toContain('not the examples whose SHA-256 is noted');
    expect(changed.code).toBe(1);
    expect(await readFile(join(folder, 'own/assertion/1.0.0/MODEL_CARD.md'), 'utf8')).toBe(card);
  });

  it('is evaluated in the manner of its task', async () => {
    const topics = await put('topics.jsonl', [
      { text: 'Chest pain.', label: 'cardiology' },
      { text: 'Headache.', label: 'other' },
    ]);
    const classified = await models('evaluate', 'topics', '--data', topics);
    expect(classified).toMatchObject({ code: 0, stderr: '' });
    expect(classified.stdout).toMatch(/\| cardiology \| 1 \|/);

    const spans = await put('spans.jsonl', [
      { text: '😀 Chest pain and fever.', entities: [{ start: 2, end: 12, label: 'PROBLEM' }] },
      { text: 'Well.', entities: [] },
    ]);
    const tagged = await models('evaluate', 'problems', '--data', spans);
    expect(tagged).toMatchObject({ code: 0, stderr: '' });
    expect(tagged.stdout).toMatch(/\| all \(micro\) \| 1 \|/);
  });

  it.each([
    ['assertion', [{ text: 'No fever.', label: 'NEGATED' }], /a\.jsonl:1 expects NEGATED/],
    ['assertion', [{ text: 'No fever.' }], /a\.jsonl:1 must be/],
    [
      'assertion',
      [...sentences, { text: 'No', entity: { start: 0, end: 9 }, label: 'ABSENT' }],
      /a\.jsonl:31 entity\.end: /,
    ],
    [
      'problems',
      [{ text: 'No', entities: [{ start: 0, end: 9, label: 'PROBLEM' }] }],
      /a\.jsonl:1/,
    ],
    ['vectors', [{ text: 'No fever.', label: 'ABSENT' }], /embedding, which is not evaluated/],
    ['nobody', [{ text: 'No fever.', label: 'ABSENT' }], /no model nobody/],
  ])('%s is not evaluated with what cannot be (case %#)', async (model, lines, reason) => {
    const run = await models('evaluate', model, '--data', await put('a.jsonl', lines));
    expect(run).toMatchObject({ code: 1, stdout: '', stderr: expect.stringMatching(reason) });
  });

  it('needs examples', async () => {
    const run = await models('evaluate', 'topics');
    expect(run).toMatchObject({ code: 1, stderr: expect.stringContaining('--data') });
  });
});
