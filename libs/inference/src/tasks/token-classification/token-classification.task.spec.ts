import type { PredictOptions } from '../task.js';
import { taskModel } from '../testing/task-model.js';
import { decodeSpans } from './span-decoder.js';
import { tokenClassificationTask as task } from './token-classification.task.js';

describe('spans from tags', () => {
  const decode = (tags: string) =>
    decodeSpans(tags.split(' ').map((tag, i) => ({ tag, score: 1, start: i, end: i + 1 })))
      .map(({ label, start, end }) => `${label}:${start}-${end}`)
      .join(' ');

  it.each([
    ['O B-X I-X O B-Y', 'X:1-3 Y:4-5', 'BIO'],
    ['B-X B-X I-X', 'X:0-1 X:1-3', 'neighbours of one class'],
    ['I-X I-X O I-Y', 'X:0-2 Y:3-4', 'I- without B-'],
    ['I-X I-X B-X I-X', 'X:0-2 X:2-4', 'IOB1'],
    ['B-X I-Y I-Y', 'X:0-1 Y:1-3', 'a class that changes inside'],
    ['X X o Y X', 'X:0-2 Y:3-4 X:4-5', 'no prefixes'],
    ['b-X i-X B-I-X', 'X:0-2 I-X:2-3', 'small letters and dashes'],
    ['O O', '', 'nothing'],
  ])('%s gives %s (%s)', (tags, spans) => {
    expect(decode(tags)).toBe(spans);
  });
});

describe('token classification', () => {
  const labels = ['O', 'B-FINDING', 'I-FINDING'];
  const model = taskModel('token-classification', labels);

  /** Answers with the given class for each token, [CLS] and [SEP] included. */
  function answer(text: string, classes: readonly number[], options: PredictOptions = {}) {
    const input = task.parse({ text }, options, model);
    const encoding = task.prepare(input, options, model);
    expect(encoding.ids.length).toBe(classes.length);
    const output = new Float32Array(3 * classes.length);
    classes.forEach((c, i) => (output[3 * i + c] = Math.log(i === 3 ? 2 : 8)));
    return task.finish(output, input, encoding, model);
  }

  it('answers stretches of the text with the mean probability of their words', () => {
    // [CLS] 😀 chest pain . [SEP]
    expect(answer('😀 Chest PAIN.', [1, 0, 1, 2, 0, 1])).toEqual({
      spans: [
        {
          start: 2,
          end: 12,
          text: 'Chest PAIN',
          label: 'FINDING',
          score: expect.closeTo((0.8 + 0.5) / 2, 6),
        },
      ],
      warnings: [],
    });
    expect(answer('😀 Chest PAIN.', [0, 0, 1, 2, 0, 0], { offsetUnit: 'utf16' }).spans).toEqual([
      expect.objectContaining({ start: 3, end: 13, text: 'Chest PAIN' }),
    ]);
  });

  it('goes by the first piece of a word, and takes in all of it', () => {
    // [CLS] hyper ##tension and fever ##s [SEP]
    const { spans } = answer('Hypertension and fevers', [0, 1, 0, 0, 0, 1, 0]);
    expect(spans.map(({ text }) => text)).toEqual(['Hypertension']);
  });
});
