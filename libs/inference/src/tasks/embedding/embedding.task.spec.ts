import { taskModel } from '../testing/task-model.js';
import { embeddingTask as task } from './embedding.task.js';

describe('embedding', () => {
  const model = taskModel('embedding', [], { embedding: { pooling: 'cls', normalize: true } });

  it('answers the vector of the lane, which is told how to pool', () => {
    const input = task.parse({ text: 'chest pain' }, {}, model);
    const encoding = task.prepare(input, {}, model);
    expect(task.finish(Float32Array.of(0.5, -0.25), input, encoding, model)).toEqual({
      embedding: [0.5, -0.25],
      dimensions: 2,
      warnings: [],
    });
    expect(task.reduction(model.manifest)).toEqual({ kind: 'cls', normalize: true });
  });

  it('refuses a manifest that does not say how', () => {
    expect(() => task.reduction(taskModel('embedding', []).manifest)).toThrow(/embedding section/);
  });
});
