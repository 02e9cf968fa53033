import type { ModelManifest } from '@app/model-registry';
import type { PredictOptions, RawInput } from '../task.js';
import { domainError, taskModel } from '../testing/task-model.js';
import { assertionTask } from './assertion.task.js';

const LABELS = ['PRESENT', 'ABSENT', 'POSSIBLE'];
const model = taskModel('assertion', LABELS);
const MARKER_ID = 5;

const parse = (raw: RawInput, options: PredictOptions = {}) =>
  assertionTask.parse(raw, options, model);
function judge(raw: RawInput, options: PredictOptions = {}, logits = [0, 0, 0]) {
  const input = parse(raw, options);
  const encoding = assertionTask.prepare(input, options, model);
  return assertionTask.finish(Float32Array.from(logits), input, encoding, model);
}

describe('the entity', () => {
  it.each([
    ['a [entity] X [entity] b', 'a X b', 2, 3],
    ['[entity]X[entity]', 'X', 0, 1],
    ['(a[entity]X[entity]b)', '(aXb)', 2, 3],
    ['no [entity] chest pain [entity].', 'no chest pain.', 3, 13],
    ['a [entity]  X\t\n [entity] b', 'a  X\t\n b', 3, 4],
    ['😀 [entity] 😀 [entity] 😀', '😀 😀 😀', 2, 3],
  ])('is taken from the markers of %j', (sentence, text, start, end) => {
    expect(parse({ text: sentence }).text).toBe(text);
    expect(judge({ text: sentence }).entity).toEqual({
      text: Array.from(text).slice(start, end).join(''),
      start,
      end,
    });
  });

  it('is the same by markers, by string and by offsets', () => {
    const encode = (raw: RawInput) => [...assertionTask.prepare(parse(raw), {}, model).ids];
    const marked = encode({ text: 'denies [entity] chest pain [entity] and fever' });
    expect(encode({ text: 'denies chest pain and fever', entity: 'chest pain' })).toEqual(marked);
    expect(encode({ text: 'denies chest pain and fever', entity: { start: 7, end: 17 } })).toEqual(
      marked,
    );
    expect(marked.filter((id) => id === MARKER_ID)).toHaveLength(2);
    expect(encode({ text: 'denies chest pain' })).not.toContain(MARKER_ID);
  });

  it.each([
    'a [entity] b',
    '[entity] a [entity] b [entity]',
    '[entity] [entity] b',
    '[entity][entity] b',
    'b [entity]',
  ])('cannot be marked as in %j', (text) => {
    expect(() => parse({ text })).toThrow(
      domainError('VALIDATION_ERROR', 'text', 'entity_markers'),
    );
  });

  it('is not given twice', () => {
    const text = 'a [entity] X [entity] b';
    expect(() => parse({ text, entity: 'X' })).toThrow(
      domainError('VALIDATION_ERROR', 'entity', 'entity_twice'),
    );
  });

  it('counts code points unless told otherwise, on the text as received', () => {
    const text = '😀e\u0301 Pain 😀';
    const entity = { text: 'Pain', start: 4, end: 8 };
    expect(judge({ text, entity: { start: 4, end: 8 } }).entity).toEqual(entity);
    expect(judge({ text, entity: 'Pain' }).entity).toEqual(entity);
    const utf16 = { offsetUnit: 'utf16' } as const;
    expect(judge({ text, entity: { start: 5, end: 9 } }, utf16).entity).toEqual({
      text: 'Pain',
      start: 5,
      end: 9,
    });
    expect(() => parse({ text, entity: { start: 1, end: 4 } }, utf16)).toThrow(
      domainError('VALIDATION_ERROR', 'entity.start', 'splits_character'),
    );
    expect(() => parse({ text, entity: { start: 4, end: 11 } })).toThrow(
      domainError('VALIDATION_ERROR', 'entity.end', 'out_of_range'),
    );
    // é as one character is another text than e with an accent.
    expect(() => parse({ text, entity: 'é' })).toThrow(
      domainError('ENTITY_NOT_FOUND', 'entity', 'not_found'),
    );
  });

  it('is the first occurrence of a string, with a warning when there are more', () => {
    const twice = judge({ text: 'Pain, pain and pain', entity: 'pain' });
    expect(twice.entity).toEqual({ text: 'pain', start: 6, end: 10 });
    expect(twice.warnings).toEqual([expect.stringMatching(/more than once; the first/)]);
    expect(judge({ text: 'Pain, pain', entity: 'pain' }).warnings).toEqual([]);
    expect(() => parse({ text: 'Pain', entity: 'pain' })).toThrow(
      domainError('ENTITY_NOT_FOUND', 'entity', 'not_found'),
    );
  });

  it.each<[RawInput['entity']]>([[''], [' \t'], [{ start: 4, end: 5 }], ['\u0000'], ['\ud83d']])(
    'cannot be %j',
    (entity) => {
      expect(() => parse({ text: 'pain \u0000 😀', entity })).toThrow(
        domainError('VALIDATION_ERROR', 'entity', 'blank'),
      );
    },
  );

  it('does not make a search slow', () => {
    const text = 'a'.repeat(1_000_000);
    const started = performance.now();
    for (const entity of [`b${'a'.repeat(900)}`, `${'a'.repeat(900)}b`, 'a'.repeat(2000)]) {
      expect(() => parse({ text, entity })).toThrow(/entity/);
    }
    expect(performance.now() - started).toBeLessThan(1000);
  });

  it('keeps messages free of the text', () => {
    for (const entity of ['secret', { start: 3, end: 900 }]) {
      expect(() => parse({ text: 'private words', entity })).toThrow(
        expect.objectContaining({ message: expect.not.stringMatching(/secret|private/) }) as Error,
      );
    }
  });
});

describe('the answer', () => {
  it('is the likeliest class with its calibrated probability', () => {
    const input = parse({ text: 'denies pain' });
    const warm = taskModel('assertion', LABELS, { calibration: { temperature: 2 } });
    const encoding = assertionTask.prepare(input, {}, warm);
    const answer = assertionTask.finish(Float32Array.of(0, 4, 2), input, encoding, warm);
    const sum = 1 + Math.exp(2) + Math.exp(1);
    expect(answer).toMatchObject({ label: 'ABSENT', modelLabel: 'ABSENT', warnings: [] });
    expect(answer.score).toBeCloseTo(Math.exp(2) / sum, 12);
    expect(answer.probabilities['POSSIBLE']).toBeCloseTo(Math.exp(1) / sum, 12);
    expect(Object.keys(answer.probabilities)).toEqual(LABELS);
    expect(answer).not.toHaveProperty('entity');
  });

  it.each([
    [
      ['possible', 'Present', 'aBSENT'],
      ['POSSIBLE', 'PRESENT', 'ABSENT'],
    ],
    [['LABEL_0', 'LABEL_1', 'LABEL_2'], LABELS],
    [
      ['LABEL_2', 'LABEL_0', 'LABEL_1'],
      ['POSSIBLE', 'PRESENT', 'ABSENT'],
    ],
  ])('names the classes of a model that calls them %j', (labels, meanings) => {
    const named = taskModel('assertion', labels);
    const input = parse({ text: 'pain' });
    const encoding = assertionTask.prepare(input, {}, named);
    meanings.forEach((label, i) => {
      const logits = new Float32Array(3);
      logits[i] = 5;
      const answer = assertionTask.finish(logits, input, encoding, named);
      expect(answer).toMatchObject({ label, modelLabel: labels[i] });
      expect(answer.probabilities[label]).toBe(answer.score);
    });
  });

  it.each<[string, Partial<ModelManifest>, RegExp]>([
    [
      'other labels',
      { labels: ['YES', 'NO', 'MAYBE'] },
      /needs the labels PRESENT, ABSENT, POSSIBLE/,
    ],
    ['a label twice', { labels: ['PRESENT', 'present', 'ABSENT'] }, /needs the labels/],
    ['no marker', { entityMarker: undefined }, /needs an entityMarker/],
  ])('is refused at load for a manifest with %s', (_, manifest, message) => {
    expect(() =>
      assertionTask.reduction(taskModel('assertion', LABELS, manifest).manifest),
    ).toThrow(message);
  });

  it('keeps the entity when the sentence is cut, and says so', () => {
    const text = `${'no '.repeat(200)}pain${' no'.repeat(200)}`;
    const input = parse({ text, entity: 'pain' });
    const encoding = assertionTask.prepare(input, { truncate: true }, model);
    const inside = [...encoding.ids].indexOf(MARKER_ID) + 1;
    const alone = assertionTask.prepare(parse({ text: 'pain' }), {}, model).ids[1];
    expect(encoding.ids[inside]).toBe(alone);
    expect(judge({ text, entity: 'pain' }, { truncate: true }).warnings).toEqual([
      expect.stringMatching(/part around the entity/),
    ]);
  });
});
