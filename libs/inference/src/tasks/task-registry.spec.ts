import { TASK_NAMES } from '@app/model-registry';
import { taskFor } from './task-registry.js';
import { domainError, taskModel } from './testing/task-model.js';

describe('every task', () => {
  it.each(TASK_NAMES)('%s is found under its own name', (name) => {
    expect(taskFor(name).name).toBe(name);
  });

  it.each(TASK_NAMES)('%s refuses text with nothing to read', (name) => {
    const model = taskModel(name, ['PRESENT', 'ABSENT', 'POSSIBLE']);
    for (const text of ['', ' \n\u00a0\u2003', '\u0000\u200b\ufeff\ud800', '\u0301\ufffd']) {
      expect(() => taskFor(name).parse({ text }, {}, model)).toThrow(
        domainError('VALIDATION_ERROR', 'text', 'blank'),
      );
    }
  });

  it.each(TASK_NAMES)('%s never answers with numbers that are none, or too few', (name) => {
    const task = taskFor(name);
    const model = taskModel(name, ['PRESENT', 'ABSENT', 'POSSIBLE']);
    const input = task.parse({ text: 'chest pain' }, {}, model);
    const encoding = task.prepare(input, {}, model);
    for (const bad of [NaN, Infinity, -Infinity]) {
      const output = new Float32Array(name === 'token-classification' ? 12 : 3);
      output[1] = bad;
      expect(() => task.finish(output, input, encoding, model)).toThrow(
        domainError('INFERENCE_ERROR'),
      );
    }
    expect(() => task.finish(new Float32Array(0), input, encoding, model)).toThrow(
      domainError('INFERENCE_ERROR'),
    );
  });

  it.each(TASK_NAMES)('%s answers hostile text', (name) => {
    const task = taskFor(name);
    const model = taskModel(name, ['PRESENT', 'ABSENT', 'POSSIBLE']);
    for (const text of [
      'a\u0000b',
      '\ud83d x \ude00',
      'שלום \u202e pain',
      '👩\u200d⚕\ufe0f',
      '[SEP] [MASK] [CLS] [PAD]',
    ]) {
      const input = task.parse({ text }, {}, model);
      const encoding = task.prepare(input, {}, model);
      const length = name === 'token-classification' ? 3 * encoding.ids.length : 3;
      expect(task.finish(new Float32Array(length), input, encoding, model).warnings).toEqual([]);
    }
  });

  it.each(TASK_NAMES)(
    '%s refuses text over the limit unless it may cut it, and then says so',
    (name) => {
      const task = taskFor(name);
      const model = taskModel(name, ['PRESENT', 'ABSENT', 'POSSIBLE']);
      const input = task.parse({ text: 'pain '.repeat(100) }, {}, model);
      expect(() => task.prepare(input, {}, model)).toThrow(
        domainError('TEXT_TOO_LONG', 'text', 'too_long'),
      );
      const encoding = task.prepare(input, { truncate: true }, model);
      expect(encoding.ids.length).toBe(64);
      const output = new Float32Array(name === 'token-classification' ? 3 * 64 : 3);
      expect(task.finish(output, input, encoding, model).warnings).toEqual([
        expect.stringMatching(/longer than the 64 tokens/),
      ]);
    },
  );
});
