import { argmax, softmax } from './class-probabilities.js';

describe('softmax', () => {
  it('gives the probabilities of logits divided by the temperature', () => {
    const p = softmax(Float32Array.of(1, 2, 3), 2);
    const e = [Math.exp(0.5), Math.exp(1), Math.exp(1.5)];
    const sum = e.reduce((a, b) => a + b);
    p.forEach((value, i) => expect(value).toBeCloseTo((e[i] ?? 0) / sum, 14));
  });

  it('stays a distribution for logits that would overflow exp', () => {
    expect(softmax(Float32Array.of(3e38, 0, -3e38), 1)).toEqual([1, 0, 0]);
    expect(softmax(Float32Array.of(-1e30, -1e30), 0.01)).toEqual([0.5, 0.5]);
  });

  it('reads one row of many', () => {
    expect(softmax(Float32Array.of(9, 9, 0, 0, 9, 9), 1, 2, 2)).toEqual([0.5, 0.5]);
  });

  it('ties go to the first class', () => {
    expect(argmax([0.2, 0.4, 0.4])).toBe(1);
  });
});
