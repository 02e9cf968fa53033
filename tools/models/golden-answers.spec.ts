import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DomainError } from '@app/common';
import type { Prediction } from '@app/inference';
import type { CatalogEntry } from '@app/model-registry';
import { compareGoldenAnswers } from './golden-answers.js';
import type { TestedModel } from './model-tester.js';

describe('golden answers', () => {
  let folder: string;
  beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'golden-'))));
  afterAll(() => rm(folder, { recursive: true }));

  const answer = { label: 'ABSENT', score: 0.9, warnings: [] };
  const predictAbsent = async (): Promise<Prediction> => ({
    ...answer,
    probabilities: { PRESENT: 0.1, ABSENT: 0.9 },
  });
  const compare = async (
    lines: readonly unknown[],
    { precision = 'fp32', provider = 'cpu' } = {},
    predict: () => Promise<Prediction> = predictAbsent,
  ): Promise<number> => {
    await writeFile(join(folder, 'golden.jsonl'), lines.map((l) => JSON.stringify(l)).join('\n\n'));
    const manifest = { precision, files: [{ path: 'golden.jsonl' }] };
    const entry = { folder, manifest } as unknown as CatalogEntry;
    return compareGoldenAnswers(entry, {
      predict,
      served: { loaded: { provider } },
    } as unknown as TestedModel);
  };
  const line = (label: string, ABSENT: number) => ({
    text: 'No fever.',
    entity: { start: 3, end: 8 },
    label,
    probabilities: { ABSENT },
  });

  it('count when they are the same up to rounding', async () => {
    expect(await compare([line('ABSENT', 0.90009), line('ABSENT', 0.9)])).toBe(2);
  });

  it('are held to less where numbers are coarser', async () => {
    const lines = [line('ABSENT', 0.905)];
    await expect(compare(lines)).rejects.toThrow('expects ABSENT 0.905000, got 0.900000');
    expect(await compare(lines, { precision: 'int8' })).toBe(1);
    expect(await compare(lines, { provider: 'cuda' })).toBe(1);
  });

  it('differ by their label, by no label at all, and by a number that is none', async () => {
    await expect(compare([line('PRESENT', 0.9)])).rejects.toThrow(
      '1 of 1 golden answers differ:\n  - golden.jsonl:1 expects PRESENT, got ABSENT',
    );
    const embedding = async () => ({ embedding: [1], dimensions: 1, warnings: [] });
    await expect(compare([line('ABSENT', 0.9)], {}, embedding)).rejects.toThrow('expects a label');
    const broken = async () => ({ ...answer, probabilities: { ABSENT: NaN } });
    await expect(compare([line('ABSENT', 0.9)], {}, broken)).rejects.toThrow('got NaN');
  });

  it('name the line that cannot be asked, or has not the form of one', async () => {
    const refuse = async () => {
      throw new DomainError('VALIDATION_ERROR', 'entity.end lies beyond the text.');
    };
    await expect(compare([line('ABSENT', 0.9)], {}, refuse)).rejects.toThrow(
      'golden.jsonl:1 cannot be asked: entity.end lies beyond the text.',
    );
    const open = { ...line('ABSENT', 0.9), entity: { start: 3 } };
    await expect(compare([line('ABSENT', 0.9), open])).rejects.toThrow('golden.jsonl:3 must be');
  });

  it('of spans count when place, class and score are the same', async () => {
    const span = { start: 3, end: 8, label: 'PROBLEM', score: 0.9 };
    const golden = { text: 'No fever.', spans: [span] };
    const predict = (spans: readonly object[]) => async () =>
      ({ spans, warnings: [] }) as unknown as Prediction;
    expect(await compare([golden], {}, predict([{ ...span, score: 0.90009 }]))).toBe(1);
    await expect(compare([golden], {}, predict([]))).rejects.toThrow(
      'expects PROBLEM:3-8, got none',
    );
    await expect(compare([golden], {}, predict([{ ...span, end: 9 }]))).rejects.toThrow('3-9');
    await expect(compare([golden], {}, predict([{ ...span, score: 0.8 }]))).rejects.toThrow(
      'expects a score of 0.900000, got 0.800000',
    );
    await expect(compare([golden])).rejects.toThrow('expects spans');
  });

  it('show the first of many differences, and never a text', async () => {
    const error: unknown = await compare(Array(9).fill(line('PRESENT', 0.9))).catch(
      (e: unknown) => e,
    );
    expect((error as Error).message).toMatch(/^9 of 9 .*and 4 more$/s);
    expect((error as Error).message).not.toContain('fever');
  });

  it('must be in their form', async () => {
    await expect(compare([line('ABSENT', 0.9), { text: 'a' }])).rejects.toThrow('golden.jsonl:3');
  });
});
