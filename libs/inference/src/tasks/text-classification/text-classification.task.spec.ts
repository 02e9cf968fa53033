import { domainError, taskModel } from '../testing/task-model.js';
import { textClassificationTask as task } from './text-classification.task.js';

describe('text classification', () => {
  it('answers the likeliest class and the probability of each, whatever their names', () => {
    const model = taskModel('text-classification', ['neg', '__proto__'], {
      calibration: { temperature: 1 },
    });
    const input = task.parse({ text: 'chest pain' }, {}, model);
    const encoding = task.prepare(input, {}, model);
    const answer = task.finish(Float32Array.of(0, Math.log(3)), input, encoding, model);
    expect(answer.label).toBe('__proto__');
    expect(answer.score).toBeCloseTo(0.75, 6);
    expect(Object.entries(answer.probabilities)).toEqual([
      ['neg', expect.closeTo(0.25, 6)],
      ['__proto__', answer.score],
    ]);
    expect(task.reduction(model.manifest)).toEqual({ kind: 'row' });
  });

  it('says that it takes no entity instead of ignoring one', () => {
    const model = taskModel('text-classification', ['a', 'b']);
    expect(() => task.parse({ text: 'chest pain', entity: 'pain' }, {}, model)).toThrow(
      domainError('VALIDATION_ERROR', 'entity', 'unexpected'),
    );
  });
});
