import {
  appendFile,
  cp,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ModelFolderOptions, writeModelFolder } from '@app/inference/testing';
import { Service } from '../support/service.js';
import { runTool, type ToolRun } from '../support/tool.js';

const SMALL = { layers: 1, hidden: 16, heads: 2, ffn: 32, maxPositions: 64 };
const ASSERTION: ModelFolderOptions = {
  ...SMALL,
  entityMarker: '[entity]',
  labels: ['PRESENT', 'ABSENT', 'POSSIBLE'],
};

let folder: string;
let root: string;
const models = (...args: string[]): Promise<ToolRun> =>
  runTool('models', args, { MODEL_CACHE_DIR: root, DATA_DIR: folder });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'models cli '));
  root = join(folder, 'own');
});
afterAll(() => rm(folder, { recursive: true }));

/** A Hugging Face folder with an ONNX export, to be added. */
async function exported(name: string, options: ModelFolderOptions = ASSERTION): Promise<string> {
  const path = join(folder, 'exports', name);
  await writeModelFolder(path, options);
  return path;
}

describe('models that were added', () => {
  const SOURCES: Readonly<Record<string, ModelFolderOptions>> = {
    assertion: ASSERTION,
    'old-assertion': ASSERTION,
    topics: { ...SMALL, labels: ['cardiology', 'neurology', 'other', 'surgery'] },
    problems: { ...SMALL, head: 'token', labels: ['O', 'B-PROBLEM', 'I-PROBLEM'] },
    vectors: { ...SMALL, head: 'hidden' },
  };

  beforeAll(async () => {
    const runs = Object.entries(SOURCES).map(async ([name, options]) => {
      const source = await exported(name, options);
      if (name === 'old-assertion') await rm(join(source, 'tokenizer.json'));
      return { name, run: await models('add', source) };
    });
    for (const { name, run } of await Promise.all(runs)) {
      expect(run.stderr).toBe('');
      expect(run.stdout).toContain(`Added ${name}@1.0.0 to ${join(root, name, '1.0.0')}`);
      expect(run.code).toBe(0);
    }
  });

  it('are listed with the bundled one, and stand every check', async () => {
    const list = await models('list');
    expect(list.code).toBe(0);
    const rows = list.stdout
      .trim()
      .split('\n')
      .map((line) => line.split(/ {2,}/));
    expect(rows.map((row) => [row[0], row[2], row[6], row[7]])).toEqual([
      ['MODEL', 'TASK', 'FROM', 'SERVED'],
      ['clinical-assertion', 'assertion', 'bundled', 'default'],
      ['clinical-ner', 'token-classification', 'bundled', 'default'],
      ['assertion', 'assertion', 'own', 'yes'],
      ['old-assertion', 'assertion', 'own', 'yes'],
      ['problems', 'token-classification', 'own', 'yes'],
      ['topics', 'text-classification', 'own', 'default'],
      ['vectors', 'embedding', 'own', 'default'],
    ]);

    const check = await models('check');
    const lines = check.stdout.trim().split('\n');
    expect(lines).toHaveLength(7);
    for (const line of lines) expect(line).toMatch(/@1\.\d\.0 {2}ok {2}\d files, runs on cpu/);
    for (const bundled of lines.slice(0, 2)) expect(bundled).toContain('50 golden answers match');
    expect(check.code).toBe(0);
  });

  it('answer over HTTP, each in the manner of its task', async () => {
    const service = await Service.start({ MODEL_CACHE_DIR: root, LANES: '1' });
    try {
      const predict = async (name: string, input: object) => {
        const response = await service.post(`/models/${name}/predict`, {
          inputs: [input],
          options: { return_probabilities: true },
        });
        expect(response.status).toBe(200);
        const { predictions } = (await response.json()) as {
          predictions: Record<string, unknown>[];
        };
        const { prediction_id: id, ...prediction } = predictions[0]!;
        expect(id).toEqual(expect.any(String));
        return prediction;
      };
      const text = 'The patient denies Chest pain.';
      const marked = { text, entity: { start: 19, end: 29 } };

      const assertion = await predict('assertion', marked);
      expect(Object.keys(assertion['probabilities'] as object)).toEqual(ASSERTION.labels);
      expect(assertion['model_label']).toBe(assertion['label']);
      // The same weights: only what was made of vocab.txt could make a difference.
      expect(await predict('old-assertion', marked)).toEqual(assertion);
      expect(await predict('assertion', { text })).not.toEqual(assertion);

      const topics = await predict('topics', { text });
      expect(Object.keys(topics['probabilities'] as object)).toEqual(SOURCES['topics']!.labels);
      expect(SOURCES['topics']!.labels).toContain(topics['label']);

      const { entities } = (await predict('problems', { text })) as {
        entities: { start: number; end: number; text: string; label: string }[];
      };
      for (const { start, end, ...span } of entities) {
        expect(span).toMatchObject({ text: text.slice(start, end), label: 'PROBLEM' });
      }

      const { embedding } = (await predict('vectors', { text })) as { embedding: number[] };
      expect(embedding).toHaveLength(SMALL.hidden);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    } finally {
      await service.stop();
    }
  });

  it('are found out when a file of theirs was changed, and keep the service from starting', async () => {
    const path = join(root, 'topics/1.0.0/model.onnx');
    const original = await readFile(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.from([original.at(-1)! ^ 1]), 0, 1, original.length - 1);
    await file.close();
    try {
      const check = await models('check', 'topics');
      expect(check.stdout).toMatch(/^topics@1\.0\.0 {2}FAILED/);
      expect(check.stdout).toContain('model.onnx does not match its SHA-256');
      expect(check.code).toBe(1);
      await expect(Service.start({ MODEL_CACHE_DIR: root })).rejects.toThrow(
        /topics.1\.0\.0 cannot be used:\s+- model\.onnx does not match its SHA-256/,
      );
      const doctor = await runTool('doctor', [], { MODEL_CACHE_DIR: root, PORT: '0' });
      expect(doctor.stdout).toMatch(
        /^fail +model topics@1\.0\.0 .*\n.*model\.onnx does not match/m,
      );
      expect(doctor.code).toBe(1);
    } finally {
      await writeFile(path, original);
    }
  });

  it('are replaced only when that is asked for', async () => {
    const source = await exported('topics', { ...SOURCES['topics'], seed: 2 });
    const before = await readFile(join(root, 'topics/1.0.0/model.json'), 'utf8');
    const refused = await models('add', source);
    expect(refused.stderr).toContain('--force');
    expect(refused.code).toBe(1);
    expect(await readFile(join(root, 'topics/1.0.0/model.json'), 'utf8')).toBe(before);

    expect((await models('add', source, '--force')).code).toBe(0);
    expect(await readFile(join(root, 'topics/1.0.0/model.json'), 'utf8')).not.toBe(before);
    expect((await models('check', 'topics@1.0.0')).code).toBe(0);
  });

  it('are removed by version or as a whole, the bundled one never', async () => {
    const source = join(folder, 'exports/vectors');
    const beta = await models('add', source, '--version', '1.1.0-beta.1', '--status', 'beta');
    expect(beta.code).toBe(0);
    expect((await models('remove', 'vectors', '1.0.0')).code).toBe(0);
    expect(await readdir(join(root, 'vectors'))).toEqual(['1.1.0-beta.1']);
    expect((await models('remove', 'vectors')).code).toBe(0);
    expect(await readdir(root)).not.toContain('vectors');

    const gone = await models('remove', 'vectors');
    expect(gone.stderr).toContain('vectors is not in');
    expect(gone.code).toBe(1);
    const bundled = await models('remove', 'clinical-assertion');
    expect(bundled.stderr).toContain('ships with the service');
    expect(bundled.code).toBe(1);
  });
});

describe('a model is not added', () => {
  const golden = { text: 'No fever.', label: 'PRESENT', probabilities: { PRESENT: 1 } };
  interface Refusal {
    readonly options?: ModelFolderOptions;
    readonly change?: (source: string) => Promise<void>;
    readonly args?: readonly string[];
    readonly reason: RegExp;
  }
  const REFUSALS: Readonly<Record<string, Refusal>> = {
    'whose graph answers more classes than have names': {
      options: { ...ASSERTION, graph: { classes: 4 } },
      reason: /answers 4 classes.*PRESENT, ABSENT, POSSIBLE/,
    },
    'whose graph has inputs of other names': {
      options: { ...ASSERTION, graph: { inputs: { ids: 'tokens' } } },
      reason: /tokens/,
    },
    'whose graph takes no attention mask': {
      options: { ...ASSERTION, graph: { inputs: { mask: null } } },
      reason: /attention_mask/,
    },
    'that was not exported to ONNX': {
      change: (source) => rm(join(source, 'model.onnx')),
      reason: /no \.onnx file.*export/s,
    },
    'that has several graphs and none of the usual name': {
      change: async (source) => {
        await cp(join(source, 'model.onnx'), join(source, 'large.onnx'));
        await rename(join(source, 'model.onnx'), join(source, 'small.onnx'));
      },
      reason: /--onnx.*large\.onnx, small\.onnx/s,
    },
    'under a name that is no folder name': {
      args: ['--name', '../Escape'],
      reason: /name .*--name/,
    },
    'as an assertion model without an entity marker': {
      options: { ...ASSERTION, entityMarker: undefined },
      args: ['--task', 'assertion'],
      reason: /\[entity\]/,
    },
    'that answers otherwise than where it was made': {
      change: (source) => writeFile(join(source, 'golden.jsonl'), JSON.stringify(golden)),
      reason: /1 of 1 golden answers differ:\s+- golden\.jsonl:1 expects PRESENT/,
    },
    'whose tokenizer knows more tokens than the model': {
      change: async (source) => {
        const path = join(source, 'tokenizer.json');
        const text = await readFile(path, 'utf8');
        await writeFile(path, text.replace(/("##ectomy": )\d+/, '$19999'));
      },
      reason: /ids up to 9999/,
    },
    'that does not take as many tokens as it says': {
      change: async (source) => {
        for (const file of ['config.json', 'tokenizer_config.json']) {
          const path = join(source, file);
          const text = await readFile(path, 'utf8');
          await writeFile(path, text.replace(/("\w*max_\w+": )64/, '$165'));
        }
      },
      reason: /fails at 65 tokens: lower max_position_embeddings/,
    },
    'under a name and version that ship with the service': {
      args: ['--name', 'clinical-ner', '--version', '1.0.0'],
      reason: /clinical-ner@1\.0\.0 ships with the service; give another --name or --version/,
    },
    'with an option that does not exist': {
      args: ['--tsak', 'assertion'],
      reason: /--tsak.*npm run models -- <command>/s,
    },
  };
  let before: string[];
  let runs: Map<string, ToolRun>;

  beforeAll(async () => {
    before = await readdir(root);
    const refused = Object.entries(REFUSALS).map(async ([name, refusal], i) => {
      const source = await exported(`refused-${i}`, refusal.options);
      await refusal.change?.(source);
      return [name, await models('add', source, ...(refusal.args ?? []))] as const;
    });
    runs = new Map(await Promise.all(refused));
  });

  it.each(Object.entries(REFUSALS))('%s', (name, { reason, args }) => {
    expect(runs.get(name)).toMatchObject({
      code: args?.includes('--tsak') ? 2 : 1,
      stderr: expect.stringMatching(reason),
      stdout: '',
    });
  });

  it('and leaves nothing behind', async () => {
    expect(await readdir(root)).toEqual(before);
  });
});

describe('the doctor', () => {
  it('finds nothing in the way of a usual start', async () => {
    const { code, stdout } = await runTool('doctor', [], { DATA_DIR: folder, PORT: '0' });
    expect(stdout).toMatch(/^ok +model clinical-assertion@[\d.]+ /m);
    expect(stdout).toMatch(/^ok +provider cpu /m);
    expect(stdout).toMatch(/^(ok|note) +provider cuda +\S/m);
    expect(stdout).toMatch(/^(ok|note) +lanes +\d+, /m);
    expect(code).toBe(0);
  });

  it('names what is wrong with the settings', async () => {
    const wrong = await runTool('doctor', [], { PORT: 'eighty', LANES: '0' });
    expect(wrong.stdout).toMatch(/^fail +configuration +PORT: must be a whole number\n +LANES: /m);
    expect(wrong.code).toBe(1);

    const notes = join(folder, 'notes');
    await appendFile(notes, 'a file');
    const unusable = { MODELS: 'no-such-model', DATA_DIR: notes, HOST: '127.0.0.1', PORT: '0' };
    const { code, stdout } = await runTool('doctor', [], unusable);
    expect(stdout).toMatch(/^fail +models +MODELS names no-such-model.*clinical-assertion@[\d.]+/m);
    expect(stdout).toMatch(/^fail +data folder .*is not a folder: set DATA_DIR/m);
    expect(code).toBe(1);
  });
});
