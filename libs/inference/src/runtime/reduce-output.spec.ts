import { reducedShape, reduceOutput } from './reduce-output.js';
import type { OutputReduction } from './runtime.js';

/** Two items of 2 and 1 tokens, padded to 2, of 2 values each; the padding holds 9. */
const HIDDEN = { dims: [2, 2, 2], data: Float32Array.of(1, 2, 3, 4, 6, 8, 9, 9) };
const LENGTHS = Int32Array.of(2, 1);

function reduce(reduction: OutputReduction, output = HIDDEN): number[] {
  const { count } = reducedShape(reduction, output.dims, LENGTHS, 2);
  const into = new Float32Array(count);
  reduceOutput(reduction, output, LENGTHS, 2, into);
  return [...into];
}

describe('reduceOutput', () => {
  it('sends rows as they are', () => {
    const logits = { dims: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) };
    expect(reduce({ kind: 'row' }, logits)).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('sends a row per real token and no padding', () => {
    expect(reduce({ kind: 'tokens' })).toEqual([1, 2, 3, 4, 6, 8]);
  });

  it('averages real tokens only', () => {
    expect(reduce({ kind: 'mean', normalize: false })).toEqual([2, 3, 6, 8]);
  });

  it('takes the first token', () => {
    expect(reduce({ kind: 'cls', normalize: false })).toEqual([1, 2, 6, 8]);
  });

  it('normalises to length 1', () => {
    const [, , x, y] = reduce({ kind: 'cls', normalize: true });
    expect(x).toBeCloseTo(0.6);
    expect(y).toBeCloseTo(0.8);
  });

  it('leaves a row of zeros, which has no direction, as it is', () => {
    const zeros = { dims: [2, 2, 2], data: new Float32Array(8) };
    expect(reduce({ kind: 'mean', normalize: true }, zeros)).toEqual([0, 0, 0, 0]);
  });

  it.each([
    ['another number of items', { kind: 'row' }, [3, 3]],
    ['a row per token where one per item is wanted', { kind: 'row' }, [2, 2, 3]],
    ['one row an item where one per token is wanted', { kind: 'tokens' }, [2, 3]],
    ['another number of tokens', { kind: 'mean', normalize: true }, [2, 3, 4]],
  ] as const)('refuses an output with %s', (_, reduction, dims) => {
    expect(() => reducedShape(reduction, dims, LENGTHS, 2)).toThrow(/has the shape \[.*needs \[2/);
  });
});
