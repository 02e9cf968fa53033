import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type ModelFolderOptions,
  writeModelFolder,
} from '../../libs/inference/src/testing/model-folder.js';
import { SeededRandom } from '../../libs/inference/src/testing/seeded-random.js';

interface Batch {
  readonly rows: readonly (readonly number[])[];
  readonly length?: number;
}
interface Answers {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly answers: readonly {
    readonly dims: readonly number[];
    readonly rows: readonly string[];
  }[];
}

function run(folder: string, output: string, batches: readonly Batch[]): Answers {
  const text = execFileSync(process.execPath, ['test/support/run-onnx.mjs'], {
    input: JSON.stringify({ model: join(folder, 'model.onnx'), output, batches }),
    maxBuffer: 64 * 1024 * 1024,
  });
  return JSON.parse(text.toString('utf8')) as Answers;
}

function floats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, 'base64');
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
}

describe('a generated model', () => {
  let root: string;
  const random = new SeededRandom(1, 'test');
  const row = (length: number): number[] =>
    Array.from({ length }, () => 5 + Math.floor(random.next() * 500));
  const write = async (name: string, options: ModelFolderOptions): Promise<string> => {
    const folder = join(root, name);
    await writeModelFolder(folder, options);
    return folder;
  };

  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), 'generated-model-'));
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  it('gives a row the same bits alone and in any padded batch', async () => {
    const folder = await write('sequence', {});
    const together: Batch[] = [];
    const alone: Batch[] = [];
    for (let i = 0; i < 40; i++) {
      const rows = Array.from({ length: 1 + (i % 7) }, () =>
        row(2 + Math.floor(random.next() * (i % 2 ? 40 : 200))),
      );
      const longest = Math.max(...rows.map((r) => r.length));
      together.push({ rows, length: Math.min(512, longest + [0, 1, 13, 300][i % 4]!) });
      alone.push(...rows.map((r) => ({ rows: [r] })));
    }
    const { answers } = run(folder, 'logits', [...together, ...alone]);
    const batched = answers.slice(0, together.length).flatMap((answer) => answer.rows);
    const single = answers.slice(together.length).flatMap((answer) => answer.rows);
    expect(batched).toEqual(single);
    expect(new Set(single).size).toBe(single.length);
    for (const logits of single) expect(floats(logits).every(Number.isFinite)).toBe(true);
  });

  it('answers in the shape of its head', async () => {
    const labels = ['O', 'B-PROBLEM', 'I-PROBLEM', 'B-TEST', 'I-TEST'];
    const token = await write('token', { head: 'token', labels });
    const hidden = await write('hidden', { head: 'hidden', hidden: 32, heads: 2 });
    const batch = [{ rows: [row(9), row(4)] }];
    expect(run(token, 'logits', batch).answers[0]!.dims).toEqual([2, 9, 5]);
    expect(run(hidden, 'last_hidden_state', batch).answers[0]!.dims).toEqual([2, 9, 32]);
  });

  it('is the same for the same seed only', async () => {
    const read = (folder: string): Promise<Buffer> => readFile(join(folder, 'model.onnx'));
    const first = await read(await write('first', { seed: 5 }));
    expect((await read(await write('again', { seed: 5 }))).equals(first)).toBe(true);
    expect((await read(await write('other', { seed: 6 }))).equals(first)).toBe(false);
  });

  it('departs from its files where a test asks for a fault', async () => {
    const folder = await write('faulty', {
      graph: { classes: 2, inputs: { ids: 'tokens', types: null } },
    });
    const opened = run(folder, 'logits', []);
    expect(opened.inputs).toEqual(['tokens', 'attention_mask']);
    const config = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as {
      id2label: object;
    };
    expect(Object.keys(config.id2label)).toHaveLength(3);
  });
});
